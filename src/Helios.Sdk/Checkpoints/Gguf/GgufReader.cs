using System.Buffers.Binary;
using System.Text;

namespace Helios.Sdk.Checkpoints.Gguf;

/// <summary>
/// Reads the header of a GGUF file field by field. The file is read as far as fields go, and no length that it claims is believed before so many
/// bytes are there.
/// </summary>
internal sealed class GgufReader
{
    private const int FirstBytes = 1 << 16;

    private static readonly UTF8Encoding Strict = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    private readonly OpenFile file;
    private byte[] buffer = [];
    private int filled;

    public GgufReader(OpenFile file)
    {
        this.file = file;
        Grow((int)Math.Min(file.Length, FirstBytes));
    }

    /// <summary>The next byte to read.</summary>
    public int Position { get; private set; }

    /// <summary>The file, as errors name it.</summary>
    public string Path => file.Path;

    /// <summary>Bytes of the file that were not read.</summary>
    public long Remaining => file.Length - Position;

    /// <summary>What was read so far, from the start of the file on.</summary>
    public ReadOnlyMemory<byte> Filled => buffer.AsMemory(0, filled);

    /// <summary>All bytes up to a place, for which the file must be long enough.</summary>
    public byte[] UpTo(int position)
    {
        if (position > filled) Grow(position);
        return buffer[..position];
    }

    public uint UInt32(string what) => BinaryPrimitives.ReadUInt32LittleEndian(Take(4, what));

    public ulong UInt64(string what) => BinaryPrimitives.ReadUInt64LittleEndian(Take(8, what));

    /// <summary>Reads a text that must be UTF-8, of so many bytes at most.</summary>
    public string Text(int most, string what)
    {
        var length = UInt64(what);
        if (length > (ulong)most) throw CheckpointError.File(Path, Invariant($"has {what} of {length} bytes, expected at most {most}"));
        try
        {
            return Strict.GetString(Take((int)length, what));
        }
        catch (DecoderFallbackException e)
        {
            throw CheckpointError.File(Path, $"has {what} that is not valid UTF-8", e);
        }
    }

    /// <summary>Steps over bytes.</summary>
    public void Skip(ulong bytes, string what)
    {
        if (bytes > (ulong)Remaining) throw Ends(what);
        if (bytes > int.MaxValue || Position + (long)bytes > TensorFile.LongestHeader) throw TooLong(what);
        Take((int)bytes, what);
    }

    private ReadOnlySpan<byte> Take(int bytes, string what)
    {
        if (bytes > Remaining) throw Ends(what);
        if (bytes > filled - Position)
        {
            if (Position + (long)bytes > TensorFile.LongestHeader) throw TooLong(what);
            Grow((int)Math.Min(Math.Min(file.Length, TensorFile.LongestHeader), Math.Max(Position + (long)bytes, 2L * filled)));
        }

        Position += bytes;
        return buffer.AsSpan(Position - bytes, bytes);
    }

    private void Grow(int bytes)
    {
        var grown = new byte[bytes];
        buffer.AsSpan(0, filled).CopyTo(grown);
        file.Fill("header", filled, grown.AsSpan(filled));
        (buffer, filled) = (grown, bytes);
    }

    private CheckpointException Ends(string what) => CheckpointError.File(Path, Invariant($"ends at byte {file.Length}, in the middle of {what}: it is damaged, or was not downloaded whole"));

    private CheckpointException TooLong(string what) => CheckpointError.File(Path, Invariant($"has a header of more than {TensorFile.LongestHeader} bytes, up to {what}"));
}
