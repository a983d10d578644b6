using System.Buffers.Binary;
using System.Security.Cryptography;
using Microsoft.Win32.SafeHandles;

namespace Helios.Sdk.Checkpoints;

/// <summary>An open safetensors file whose header has been parsed and held against its length. Reads are positioned and thread-safe.</summary>
internal sealed class SafetensorsFile : IDisposable
{
    /// <summary>The format's own limit.</summary>
    private const long LongestHeader = 100_000_000;

    private const int PrefixBytes = 8;

    private readonly SafeFileHandle handle;

    private SafetensorsFile(string path, SafeFileHandle handle, long length)
    {
        Path = path;
        this.handle = handle;
        Length = length;
        var header = ReadHeader();
        HeaderDigest = SHA256.HashData(header);
        DataStart = PrefixBytes + header.Length;
        var entries = SafetensorsHeader.Parse(path, header);
        SafetensorsLayout.Check(path, entries.Values, length - DataStart);
        Entries = entries;
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

    public static SafetensorsFile Open(string path)
    {
        var handle = CheckpointFile.Open(path, out var length);
        try
        {
            return new SafetensorsFile(path, handle, length);
        }
        catch
        {
            handle.Dispose();
            throw;
        }
    }

    /// <summary>Reads bytes of a tensor, from <paramref name="position"/> of the file on.</summary>
    public void Read(string tensor, long position, Span<byte> destination) =>
        CheckpointFile.Fill(handle, Path, $"tensor '{CheckpointError.Show(tensor)}'", position, destination);

    public void Dispose() => handle.Dispose();

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
