using Helios.Sdk.Checkpoints;
using Helios.Sdk.Models;

namespace Helios.Sdk.Hub.Pulling;

/// <summary>Pulls one model: lists the files of its commit, chooses those that it needs, and brings them to their places one by one. Used once.</summary>
/// <param name="id">The model.</param>
/// <param name="options">Where from and where to.</param>
/// <param name="environment">What the options leave open.</param>
/// <param name="progress">Takes reports; null for none.</param>
/// <param name="time">The clock.</param>
internal sealed class HubPull(HubId id, PullOptions options, HubEnvironment environment, IProgress<PullProgress>? progress, TimeProvider time)
{
    private long done;
    private long total;

    public async Task<PulledModel> RunAsync(CancellationToken cancellationToken)
    {
        using var client = new HubClient(EndpointOf(), options.Token ?? environment.ReadToken());
        var listing = await ListAsync(client, cancellationToken).ConfigureAwait(false);
        var selection = new HubSelection(id, listing);
        HubPlaces places = options.To is { } folder
            ? new FolderPlaces(Path.GetFullPath(folder))
            : new CachePlaces(new HubCache(Path.GetFullPath(options.CacheFolder ?? environment.CacheFolder)), id, listing.Commit);
        var download = new HubDownload(client, time, (file, bytes) => progress?.Report(new PullProgress(file.Name, done + bytes, total)));
        var isGguf = options.File is not null || (!selection.HasSafetensors && selection.HasGguf);
        List<HubFile> files = [];

        async Task BringAsync(IReadOnlyList<HubFile> more)
        {
            files.AddRange(more);
            total = SumOf(files);
            CheckSpace(places, more);
            foreach (var file in more)
            {
                if (!await places.HasAsync(file, cancellationToken).ConfigureAwait(false))
                    await download.PullAsync(file, PathOf(listing.Commit, file), places.PlaceOf(file), cancellationToken).ConfigureAwait(false);
                done += file.Size;
                progress?.Report(new PullProgress(file.Name, done, total));
            }
        }

        await BringAsync(isGguf ? selection.Gguf(options.File) : selection.Description()).ConfigureAwait(false);
        if (!isGguf) await BringAsync(selection.Weights(ReadShards(listing, places))).ConfigureAwait(false);
        places.Finish(files);
        return new PulledModel(isGguf ? Path.Combine(places.Folder, files[0].Name) : places.Folder, listing.Commit, files.Count, total);
    }

    private static HashSet<string>? ReadShards(HubListing listing, HubPlaces places) =>
        listing.Find(ShardIndex.FileName) is { } index ? [.. ShardIndex.Read(places.PlaceOf(index)).Values] : null;

    /// <summary>Bytes of files, which a hostile list may give any size.</summary>
    private static long SumOf(List<HubFile> files)
    {
        var sum = files.Aggregate((UInt128)0, (sum, file) => sum + (ulong)file.Size);
        return sum <= long.MaxValue ? (long)sum : throw new ModelPullException("The Hub lists files of more than 2^63 bytes together.");
    }

    private static string Escape(string path) => string.Join('/', path.Split('/').Select(Uri.EscapeDataString));

    private Uri EndpointOf()
    {
        var endpoint = options.Endpoint ?? (Uri.TryCreate(environment.Endpoint, UriKind.Absolute, out var named) ? named : null);
        return endpoint is { IsAbsoluteUri: true, Scheme: "http" or "https" }
            ? endpoint
            : throw new ModelPullException($"The endpoint of the Hub is '{CheckpointError.Show(options.Endpoint?.ToString() ?? environment.Endpoint)}'; expected an address that starts with https:// or http://.");
    }

    private string PathOf(string commit, HubFile file) => $"{id.Name}/resolve/{commit}/{Escape(file.Name)}";

    private async Task<HubListing> ListAsync(HubClient client, CancellationToken cancellationToken)
    {
        var path = $"api/models/{id.Name}/revision/{Uri.EscapeDataString(id.Revision ?? HubId.MainBranch)}?blobs=true";
        var retries = new HubRetries(time);
        while (true)
        {
            try
            {
                using var response = await client.GetAsync($"'{id.Name}'", path, from: 0, cancellationToken).ConfigureAwait(false);
                if (await retries.WaitIfBusyAsync($"'{id.Name}'", response, cancellationToken).ConfigureAwait(false)) continue;
                var listing = HubListing.Read(client.AddressOf(path).ToString(), await ReadAsync(response, cancellationToken).ConfigureAwait(false));
                return id.Revision is { } commit && HubId.IsCommit(commit) && listing.Commit != commit
                    ? throw new ModelPullException($"'{id.Name}': asked for commit {commit}, the Hub lists {listing.Commit}.")
                    : listing;
            }
            catch (Exception error) when (HubRetries.IsNetwork(error) && !cancellationToken.IsCancellationRequested)
            {
                await retries.WaitAsync($"'{id.Name}'", error, cancellationToken).ConfigureAwait(false);
            }
            catch (CheckpointException error)
            {
                throw new ModelPullException($"The Hub's list of files is not usable. {error.Message}", error);
            }
        }
    }

    private static async Task<byte[]> ReadAsync(HttpResponseMessage response, CancellationToken cancellationToken)
    {
        using var json = new MemoryStream();
        var content = await response.Content.ReadAsStreamAsync(cancellationToken).ConfigureAwait(false);
        await using (content.ConfigureAwait(false))
        {
            var buffer = new byte[64 << 10];
            int count;
            while ((count = await content.ReadAsync(buffer, cancellationToken).ConfigureAwait(false)) > 0)
            {
                if (json.Length + count > HubListing.LongestJson) throw new ModelPullException(Invariant($"The Hub's list of files has more than {HubListing.LongestJson} bytes."));
                json.Write(buffer, 0, count);
            }
        }

        return json.ToArray();
    }

    /// <summary>Refuses before the first byte what the disk has no room for.</summary>
    private static void CheckSpace(HubPlaces places, IReadOnlyList<HubFile> files)
    {
        if (files.Count == 0) return;
        var missing = files.Where(file => !File.Exists(places.PlaceOf(file)));
        var needed = missing.Sum(file => file.Size - (new FileInfo(places.PlaceOf(file) + ".incomplete") is { Exists: true } partial ? Math.Min(partial.Length, file.Size) : 0));
        var folder = Directory.CreateDirectory(Path.GetDirectoryName(places.PlaceOf(files[0]))!).FullName;
        var free = new DriveInfo(folder).AvailableFreeSpace;
        if (needed > free) throw new ModelPullException(Invariant($"The model needs {needed} bytes more; {folder} has {free} bytes free."));
    }
}
