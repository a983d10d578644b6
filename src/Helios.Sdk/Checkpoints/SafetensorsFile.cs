using System.Buffers.Binary;
using System.Security.Cryptography;
using Helios.Sdk.Checkpoints.Identity;
using Helios.Sdk.Models;
using Microsoft.Win32.SafeHandles;

namespace Helios.Sdk.Checkpoints;

/// <summary>
/// An open safetensors file whose header has been parsed and held against its length. Reads are positioned and thread-safe. Before and
/// after each the file must be the one that was opened, as far as the system says, and now and then its header is read again.
/// </summary>
internal sealed class SafetensorsFile : IDisposable
{
    /// <summary>The format's own limit.</summary>
    private const long LongestHeader = 100_000_000;

    private const int PrefixBytes = 8;

    /// <summary>The header is read again once so many times its bytes were read: that costs 3 % at most.</summary>
    private const int ReadsPerHeader = 32;

    private readonly SafeFileHandle handle;
    private readonly UnchangedFile unchanged;
    private readonly byte[] samples;

    // Since the header was read last.
    private long bytesRead;

    private SafetensorsFile(string path, SafeFileHandle handle, long length, IFileIdentifier identifier)
    {
        Path = path;
        this.handle = handle;
        unchanged = new UnchangedFile(path, handle, identifier);
        Length = length;
        var header = ReadHeader();
        HeaderDigest = SHA256.HashData(header);
        DataStart = PrefixBytes + header.Length;
        var entries = SafetensorsHeader.Parse(path, header);
        SafetensorsLayout.Check(path, entries.Values, length - DataStart);
        Entries = entries;
        samples = HashSamples();
        RequireUnchanged();
    }

    public string Path { get; }

    /// <summary>Bytes of the file when it was opened.</summary>
    public long Length { get; }

    /// <summary>First byte of the data: tensor offsets count from here.</summary>
    public long DataStart { get; }

    /// <summary>SHA-256 of the header's bytes.</summary>
    public byte[] HeaderDigest { get; }

    /// <summary>Tensors by name.</summary>
    public IReadOnlyDictionary<string, SafetensorsEntry> Entries { get; }

    /// <summary>How it is not what was opened; null as long as it was not found changed.</summary>
    public string? ChangedBecause => unchanged.Changed;

    /// <summary>Opens a file.</summary>
    /// <param name="path">The file.</param>
    /// <param name="identifier">What says whether it changes; what this system offers when null.</param>
    public static SafetensorsFile Open(string path, IFileIdentifier? identifier = null)
    {
        var handle = CheckpointFile.Open(path, out var length);
        try
        {
            return new SafetensorsFile(path, handle, length, identifier ?? FileIdentifiers.For(handle));
        }
        catch
        {
            handle.Dispose();
            throw;
        }
    }

    /// <summary>Reads bytes of a tensor, from <paramref name="position"/> of the file on.</summary>
    /// <exception cref="CheckpointChangedException">The file is not what was opened.</exception>
    public void Read(string tensor, long position, Span<byte> destination)
    {
        RequireUnchanged();
        Fill(tensor, position, destination);
        RequireUnchanged();
        if (Interlocked.Add(ref bytesRead, destination.Length) < ReadsPerHeader * (DataStart - PrefixBytes)) return;
        Interlocked.Exchange(ref bytesRead, 0);
        if (!HeaderIsSame()) throw Changed("its header is another");
    }

    /// <summary>Notes that it is not what was opened.</summary>
    /// <param name="difference">How, in words.</param>
    public CheckpointChangedException Changed(string difference) => unchanged.Fail(difference);

    public void Dispose() => handle.Dispose();

    private void Fill(string tensor, long position, Span<byte> destination) =>
        CheckpointFile.Fill(handle, Path, $"tensor '{CheckpointError.Show(tensor)}'", position, destination);

    private void RequireUnchanged()
    {
        try
        {
            unchanged.Require(() => HeaderIsSame() && HashSamples().AsSpan().SequenceEqual(samples));
        }
        catch (IOException e)
        {
            throw CheckpointError.File(Path, $"cannot be asked for its state: {e.Message.TrimEnd('.')}", e);
        }
    }

    private bool HeaderIsSame()
    {
        var header = new byte[DataStart];
        CheckpointFile.Fill(handle, Path, "header", 0, header);
        return BinaryPrimitives.ReadUInt64LittleEndian(header) == (ulong)(DataStart - PrefixBytes) && SHA256.HashData(header.AsSpan(PrefixBytes)).AsSpan().SequenceEqual(HeaderDigest);
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

    private byte[] ReadHeader()
    {
        Span<byte> start = stackalloc byte[(int)Math.Min(Length, GitLfsPointer.Prefix)];
        CheckpointFile.Fill(handle, Path, "header", 0, start);
        GitLfsPointer.Refuse(Path, start);
        if (Length < PrefixBytes)
            throw CheckpointError.File(Path, $"has {Length} bytes, expected at least the {PrefixBytes} of a safetensors header length");

        var length = BinaryPrimitives.ReadUInt64LittleEndian(start);
        if (length > LongestHeader)
            throw CheckpointError.File(Path, $"has a header length of {length} bytes, expected at most {LongestHeader}");
        if ((long)length > Length - PrefixBytes)
            throw CheckpointError.File(Path, Invariant($"has a header length of {length} bytes, expected at most the {Length - PrefixBytes} that follow it"));

        var header = new byte[length];
        CheckpointFile.Fill(handle, Path, "header", PrefixBytes, header);
        if (header is not [(byte)'{', ..])
            throw CheckpointError.File(Path, "header does not begin with '{': this is not a safetensors file");
        return header;
    }
}
