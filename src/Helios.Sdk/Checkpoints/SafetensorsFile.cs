using System.Buffers.Binary;
using Helios.Sdk.Checkpoints.Identity;

namespace Helios.Sdk.Checkpoints;

/// <summary>An open safetensors file: the length of a JSON header, the header, the data.</summary>
internal sealed class SafetensorsFile : TensorFile
{
    private const int PrefixBytes = 8;

    private SafetensorsFile(OpenFile file, TensorHeader header)
        : base(file, header)
    {
    }

    /// <summary>Opens a file.</summary>
    /// <param name="path">The file.</param>
    /// <param name="identifier">What says whether it changes; what this system offers when null.</param>
    public static SafetensorsFile Open(string path, IFileIdentifier? identifier = null) => Open(path, identifier, file => new SafetensorsFile(file, ReadHeader(file)));

    private static TensorHeader ReadHeader(OpenFile file)
    {
        Span<byte> start = stackalloc byte[(int)Math.Min(file.Length, GitLfsPointer.Prefix)];
        file.Fill("header", 0, start);
        GitLfsPointer.Refuse(file.Path, start);
        if (file.Length < PrefixBytes)
            throw CheckpointError.File(file.Path, $"has {file.Length} bytes, expected at least the {PrefixBytes} of a safetensors header length");

        var length = BinaryPrimitives.ReadUInt64LittleEndian(start);
        if (length > LongestHeader)
            throw CheckpointError.File(file.Path, $"has a header length of {length} bytes, expected at most {LongestHeader}");
        if ((long)length > file.Length - PrefixBytes)
            throw CheckpointError.File(file.Path, Invariant($"has a header length of {length} bytes, expected at most the {file.Length - PrefixBytes} that follow it"));

        var bytes = new byte[PrefixBytes + (int)length];
        file.Fill("header", 0, bytes);
        var json = bytes.AsSpan(PrefixBytes);
        if (json is not [(byte)'{', ..])
            throw CheckpointError.File(file.Path, "header does not begin with '{': this is not a safetensors file");
        var entries = SafetensorsHeader.Parse(file.Path, json);
        SafetensorsLayout.Check(file.Path, entries.Values, file.Length - bytes.Length);
        return new TensorHeader(bytes, PrefixBytes, entries);
    }
}
