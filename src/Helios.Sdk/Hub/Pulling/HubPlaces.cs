using Helios.Sdk.Checkpoints;

namespace Helios.Sdk.Hub.Pulling;

/// <summary>Where the files of a pull come to lie, and what makes a model of them once all are there.</summary>
internal abstract class HubPlaces
{
    /// <summary>The folder of the model.</summary>
    public abstract string Folder { get; }

    /// <summary>Where the content of a file is stored.</summary>
    public abstract string PlaceOf(HubFile file);

    /// <summary>Whether content at its place is known to be that of the file.</summary>
    public abstract Task<bool> HasAsync(HubFile file, CancellationToken cancellationToken);

    /// <summary>All files are at their places.</summary>
    public abstract void Finish(IReadOnlyList<HubFile> files);
}

/// <summary>The cache: content under the name of its hash, and links to it. A branch leads to a commit only when all of that is there.</summary>
/// <param name="cache">The cache.</param>
/// <param name="id">The model.</param>
/// <param name="commit">Its commit.</param>
internal sealed class CachePlaces(HubCache cache, HubId id, string commit) : HubPlaces
{
    public override string Folder => cache.SnapshotOf(id, commit);

    public override string PlaceOf(HubFile file) => Path.Combine(cache.FolderOf(id), "blobs", file.Hash);

    // Nothing comes under this name but what was checked.
    public override Task<bool> HasAsync(HubFile file, CancellationToken cancellationToken) => Task.FromResult(new FileInfo(PlaceOf(file)) is { Exists: true } blob && blob.Length == file.Size);

    public override void Finish(IReadOnlyList<HubFile> files)
    {
        foreach (var file in files) Link(file);
        if (id.Revision is { } revision && HubId.IsCommit(revision)) return;
        var reference = cache.RefOf(id);
        Directory.CreateDirectory(Path.GetDirectoryName(reference)!);
        WholeFile.Write(reference, stream => stream.Write(System.Text.Encoding.ASCII.GetBytes(commit)));
    }

    /// <summary>A relative link, so that the cache can be moved; a copy where links cannot be made, as on Windows without the right to.</summary>
    private void Link(HubFile file)
    {
        var link = Path.Combine(Folder, file.Name.Replace('/', Path.DirectorySeparatorChar));
        var parent = Path.GetDirectoryName(link)!;
        Directory.CreateDirectory(parent);
        var place = PlaceOf(file);
        if (new FileInfo(link) is { Exists: true } there && (there.ResolveLinkTarget(returnFinalTarget: true) ?? there) is FileInfo target && target.Length == file.Size) return;
        File.Delete(link);
        try
        {
            File.CreateSymbolicLink(link, Path.GetRelativePath(parent, place));
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException or PlatformNotSupportedException)
        {
            var beside = $"{link}.incomplete";
            File.Copy(place, beside, overwrite: true);
            File.Move(beside, link, overwrite: true);
        }
    }
}

/// <summary>A folder of plain files.</summary>
/// <param name="folder">The folder.</param>
internal sealed class FolderPlaces(string folder) : HubPlaces
{
    public override string Folder => folder;

    public override string PlaceOf(HubFile file) => Path.Combine(folder, file.Name.Replace('/', Path.DirectorySeparatorChar));

    public override async Task<bool> HasAsync(HubFile file, CancellationToken cancellationToken)
    {
        if (new FileInfo(PlaceOf(file)) is not { Exists: true } there || there.Length != file.Size) return false;
        using var hash = new HubHash(file);
        var stream = there.OpenRead();
        await using (stream.ConfigureAwait(false))
        {
            var buffer = new byte[1 << 20];
            int count;
            while ((count = await stream.ReadAsync(buffer, cancellationToken).ConfigureAwait(false)) > 0) hash.Append(buffer.AsSpan(0, count));
        }

        return hash.Finish() == file.Hash;
    }

    public override void Finish(IReadOnlyList<HubFile> files)
    {
    }
}
