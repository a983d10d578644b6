using System.Security.Cryptography;
using Helios.Sdk.Checkpoints.Identity;
using Helios.Sdk.Models;
using Microsoft.Win32.SafeHandles;

namespace Helios.Sdk.Checkpoints;

/// <summary>
/// An open file of tensors whose header has been parsed and held against its length. Reads are positioned and thread-safe. Before and
/// after each the file must be the one that was opened, as far as the system says, and now and then its header is read again.
/// </summary>
internal abstract class TensorFile : IDisposable
{
    /// <summary>Most bytes of a header: the limit of the safetensors format, and ten times what published GGUF files have.</summary>
    public const long LongestHeader = 100_000_000;

    /// <summary>The header is read again once so many times its bytes were read: that costs 3 % at most.</summary>
    private const int ReadsPerHeader = 32;

    private readonly OpenFile file;
    private readonly byte[] prefix;
    private readonly byte[] samples;

    // Since the header was read last.
    private long bytesRead;

    /// <param name="file">The open file; the instance owns its handle from here on.</param>
    /// <param name="header">Its header.</param>
    protected TensorFile(OpenFile file, TensorHeader header)
    {
        this.file = file;
        prefix = header.Bytes[..header.PrefixBytes];
        HeaderDigest = SHA256.HashData(header.Bytes.AsSpan(header.PrefixBytes));
        DataStart = header.Bytes.Length;
        Entries = header.Entries;
        samples = HashSamples();
        RequireUnchanged();
    }

    public string Path => file.Path;

    /// <summary>Bytes of the file when it was opened.</summary>
    public long Length => file.Length;

    /// <summary>First byte of the data: tensor offsets count from here.</summary>
    public long DataStart { get; }

    /// <summary>SHA-256 of the header's bytes.</summary>
    public byte[] HeaderDigest { get; }

    /// <summary>Tensors by name.</summary>
    public IReadOnlyDictionary<string, TensorEntry> Entries { get; }

    /// <summary>How it is not what was opened; null as long as it was not found changed.</summary>
    public string? ChangedBecause => file.Unchanged.Changed;

    /// <summary>Reads bytes of a tensor as they lie, from <paramref name="position"/> of the file on.</summary>
    /// <exception cref="CheckpointChangedException">The file is not what was opened.</exception>
    public void Read(string tensor, long position, Span<byte> destination)
    {
        RequireUnchanged();
        Fill(tensor, position, destination);
        RequireUnchanged();
        if (Interlocked.Add(ref bytesRead, destination.Length) < ReadsPerHeader * (DataStart - prefix.Length)) return;
        Interlocked.Exchange(ref bytesRead, 0);
        if (!HeaderIsSame()) throw Changed("its header is another");
    }

    /// <summary>Reads bytes of a tensor with its rows in the order in which the engine takes them.</summary>
    /// <param name="tensor">The tensor.</param>
    /// <param name="offset">First byte inside it.</param>
    /// <param name="destination">Filled completely.</param>
    /// <exception cref="CheckpointChangedException">The file is not what was opened.</exception>
    public virtual void ReadRows(StoredTensor tensor, long offset, Span<byte> destination) => Read(tensor.Name, tensor.Offset + offset, destination);

    /// <summary>Notes that it is not what was opened.</summary>
    /// <param name="difference">How, in words.</param>
    public CheckpointChangedException Changed(string difference) => file.Unchanged.Fail(difference);

    public void Dispose() => file.Handle.Dispose();

    /// <summary>Opens a file for a format.</summary>
    /// <param name="path">The file.</param>
    /// <param name="identifier">What says whether it changes; what this system offers when null.</param>
    /// <param name="read">Reads the header, and makes the instance.</param>
    protected static T Open<T>(string path, IFileIdentifier? identifier, Func<OpenFile, T> read)
        where T : TensorFile
    {
        var handle = CheckpointFile.Open(path, out var length);
        try
        {
            return read(new OpenFile(path, handle, length, new UnchangedFile(path, handle, identifier ?? FileIdentifiers.For(handle))));
        }
        catch
        {
            handle.Dispose();
            throw;
        }
    }

    private void Fill(string tensor, long position, Span<byte> destination) => file.Fill($"tensor '{CheckpointError.Show(tensor)}'", position, destination);

    private void RequireUnchanged()
    {
        try
        {
            file.Unchanged.Require(() => HeaderIsSame() && HashSamples().AsSpan().SequenceEqual(samples));
        }
        catch (IOException e)
        {
            throw CheckpointError.File(Path, $"cannot be asked for its state: {e.Message.TrimEnd('.')}", e);
        }
    }

    private bool HeaderIsSame()
    {
        var header = new byte[DataStart];
        file.Fill("header", 0, header);
        return header.AsSpan(0, prefix.Length).SequenceEqual(prefix) && SHA256.HashData(header.AsSpan(prefix.Length)).AsSpan().SequenceEqual(HeaderDigest);
    }

    /// <summary>A hash of the samples of all tensors, which a training that goes on changes.</summary>
    private byte[] HashSamples()
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        Span<byte> buffer = stackalloc byte[Fingerprint.SampleBytes];
        foreach (var entry in Entries.Values.OrderBy(entry => entry.Begin).ThenBy(entry => entry.Name, StringComparer.Ordinal))
        {
            var (position, length) = Fingerprint.SampleOf(entry);
            Fill(entry.Name, DataStart + position, buffer[..length]);
            hash.AppendData(buffer[..length]);
        }

        return hash.GetHashAndReset();
    }
}

/// <summary>A file that was just opened.</summary>
/// <param name="Path">For messages.</param>
/// <param name="Handle">Its handle.</param>
/// <param name="Length">Its bytes.</param>
/// <param name="Unchanged">Knows it as it was before the first byte was read.</param>
internal sealed record OpenFile(string Path, SafeFileHandle Handle, long Length, UnchangedFile Unchanged)
{
    /// <summary>Fills <paramref name="destination"/>, or says which part could not be read.</summary>
    public void Fill(string part, long position, Span<byte> destination) => CheckpointFile.Fill(Handle, Path, part, position, destination);
}

/// <summary>The header of a file of tensors.</summary>
/// <param name="Bytes">All bytes in front of the data.</param>
/// <param name="PrefixBytes">Those of them that say the length of the rest.</param>
/// <param name="Entries">Tensors by name.</param>
internal sealed record TensorHeader(byte[] Bytes, int PrefixBytes, IReadOnlyDictionary<string, TensorEntry> Entries);
