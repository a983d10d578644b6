using System.Net;
using Helios.Sdk.Models;

namespace Helios.Sdk.Hub.Pulling;

/// <summary>
/// Pulls one file. It grows beside its place as <c>PLACE.incomplete</c>, from where a later pull goes on, and is moved there when its length and
/// hash are right.
/// </summary>
/// <param name="client">The Hub.</param>
/// <param name="time">The clock.</param>
/// <param name="report">Takes the bytes of the file that are there.</param>
internal sealed class HubDownload(HubClient client, TimeProvider time, Action<HubFile, long> report)
{
    private const int BufferBytes = 1 << 20;
    private const int ReportBytes = 8 << 20;

    /// <summary>A connection over which nothing comes for so long is dead.</summary>
    private static readonly TimeSpan Silence = TimeSpan.FromSeconds(60);

    /// <summary>Pulls a file to its place.</summary>
    /// <param name="file">The file.</param>
    /// <param name="path">Its address below the endpoint, escaped.</param>
    /// <param name="place">Where it comes to lie.</param>
    /// <param name="cancellationToken">Ends it; what has come stays, to go on from.</param>
    /// <exception cref="ModelPullException">The server refuses, or sends something else than it listed.</exception>
    public async Task PullAsync(HubFile file, string path, string place, CancellationToken cancellationToken)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(place)!);
        var partial = place + ".incomplete";
        var stream = Open(partial);
        try
        {
            await using (stream.ConfigureAwait(false))
            {
                using var hash = new HubHash(file);
                var kept = await ResumeAsync(file, stream, hash, cancellationToken).ConfigureAwait(false);
                await FillAsync(file, path, stream, hash, cancellationToken).ConfigureAwait(false);
                if (hash.Finish() != file.Hash)
                {
                    // What was left over may be of another program: once more, from the start.
                    stream.SetLength(0);
                    if (kept == 0) throw WrongContent(file);
                    using var again = new HubHash(file);
                    await FillAsync(file, path, stream, again, cancellationToken).ConfigureAwait(false);
                    if (again.Finish() != file.Hash)
                    {
                        stream.SetLength(0);
                        throw WrongContent(file);
                    }
                }

                stream.Flush(flushToDisk: true);
            }
        }
        catch (ModelPullException)
        {
            if (new FileInfo(partial) is { Exists: true, Length: 0 }) File.Delete(partial);
            throw;
        }

        File.Move(partial, place, overwrite: true);
    }

    private static ModelPullException WrongContent(HubFile file) =>
        new($"'{file.Name}': the content that came has another {(file.IsSha256 ? "SHA-256" : "SHA-1")} than the Hub lists, {file.Hash}; it was deleted.");

    private static FileStream Open(string partial)
    {
        try
        {
            return new FileStream(partial, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None, bufferSize: 0, FileOptions.Asynchronous);
        }
        catch (IOException error) when (File.Exists(partial))
        {
            throw new ModelPullException($"{partial} cannot be opened; another program may be pulling it.", error);
        }
    }

    /// <summary>Hashes what an earlier pull left, and leaves the stream at its end.</summary>
    private static async Task<long> ResumeAsync(HubFile file, FileStream stream, HubHash hash, CancellationToken cancellationToken)
    {
        if (stream.Length > file.Size) stream.SetLength(0);
        var buffer = new byte[BufferBytes];
        int count;
        while ((count = await stream.ReadAsync(buffer, cancellationToken).ConfigureAwait(false)) > 0) hash.Append(buffer.AsSpan(0, count));
        return stream.Length;
    }

    /// <summary>Requests what is missing until it is there.</summary>
    private async Task FillAsync(HubFile file, string path, FileStream stream, HubHash hash, CancellationToken cancellationToken)
    {
        stream.Position = stream.Length;
        report(file, stream.Length);
        var retries = new HubRetries(time);
        while (stream.Length < file.Size)
        {
            var before = stream.Length;
            try
            {
                using var response = await client.GetAsync($"'{file.Name}'", path, before, cancellationToken).ConfigureAwait(false);
                if (await retries.WaitIfBusyAsync($"'{file.Name}'", response, cancellationToken).ConfigureAwait(false)) continue;
                var skip = CheckRange(file, before, response);
                await CopyAsync(file, response, skip, stream, hash, cancellationToken).ConfigureAwait(false);
                if (stream.Length < file.Size) throw new HttpIOException(HttpRequestError.ResponseEnded, Invariant($"the connection ended after {stream.Length} of {file.Size} bytes"));
            }
            catch (Exception error) when (HubRetries.IsNetwork(error) && !cancellationToken.IsCancellationRequested)
            {
                if (stream.Length > before) retries.Progressed();
                await retries.WaitAsync($"'{file.Name}'", error, cancellationToken).ConfigureAwait(false);
            }
        }
    }

    /// <summary>Checks that the server sends what was asked for.</summary>
    /// <returns>Bytes at the start of the answer that are there already: a server may not know ranges.</returns>
    private static long CheckRange(HubFile file, long from, HttpResponseMessage response)
    {
        var range = response.Content.Headers.ContentRange;
        var isPart = response.StatusCode == HttpStatusCode.PartialContent;
        if (response.StatusCode == HttpStatusCode.RequestedRangeNotSatisfiable || (isPart && (range?.From != from || (range.Length is { } whole && whole != file.Size))))
            throw new ModelPullException(Invariant($"'{file.Name}': asked for the bytes from {from} of {file.Size}, the server answers with others ({range?.ToString() ?? "no range"})."));
        var skip = isPart ? 0 : from;
        if (response.Content.Headers.ContentLength is { } length && length + (isPart ? from : 0) is var total && total != file.Size)
            throw new ModelPullException(Invariant($"'{file.Name}' has {total} bytes on the server; the Hub lists {file.Size}."));
        return skip;
    }

    private async Task CopyAsync(HubFile file, HttpResponseMessage response, long skip, FileStream stream, HubHash hash, CancellationToken cancellationToken)
    {
        using var silent = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        var content = await response.Content.ReadAsStreamAsync(cancellationToken).ConfigureAwait(false);
        await using (content.ConfigureAwait(false))
        {
            var buffer = new byte[BufferBytes];
            var reported = stream.Length;
            while (true)
            {
                silent.CancelAfter(Silence);
                int count;
                try
                {
                    count = await content.ReadAsync(buffer, silent.Token).ConfigureAwait(false);
                }
                catch (OperationCanceledException error) when (!cancellationToken.IsCancellationRequested)
                {
                    throw new TimeoutException(Invariant($"nothing came for {Silence.TotalSeconds:0} s"), error);
                }

                if (count == 0) break;
                var known = (int)Math.Min(skip, count);
                skip -= known;
                if (stream.Length + count - known > file.Size) throw TooLong(file, stream);
                hash.Append(buffer.AsSpan(known, count - known));
                await stream.WriteAsync(buffer.AsMemory(known, count - known), cancellationToken).ConfigureAwait(false);
                if (stream.Length - reported < ReportBytes && stream.Length < file.Size) continue;
                reported = stream.Length;
                report(file, reported);
            }
        }
    }

    private static ModelPullException TooLong(HubFile file, FileStream stream)
    {
        stream.SetLength(0);
        return new ModelPullException(Invariant($"'{file.Name}': the server sends more than the {file.Size} bytes that the Hub lists."));
    }
}
