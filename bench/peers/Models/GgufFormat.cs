using System.Buffers.Binary;
using System.Runtime.InteropServices;

namespace Helios.Peers.Models;

/// <summary>How llama.cpp stores the elements of a matrix. Values are those of GGUF.</summary>
internal enum GgufFormat
{
    F32 = 0,
    Q4_0 = 2,
    Q8_0 = 8,
    Bf16 = 30,
}

/// <summary>Encodes rows as ggml's reference quantisers do: round to nearest, one half-precision scale for 32 weights.</summary>
internal static class GgufRows
{
    private const int Block = 32;

    /// <summary>Bytes of a row of <paramref name="columns"/> elements.</summary>
    public static int Bytes(GgufFormat format, int columns) => format switch
    {
        GgufFormat.F32 => columns * sizeof(float),
        GgufFormat.Bf16 => columns * sizeof(ushort),
        GgufFormat.Q8_0 => columns / Block * (2 + Block),
        GgufFormat.Q4_0 => columns / Block * (2 + Block / 2),
        _ => throw new ArgumentOutOfRangeException(nameof(format), format, "Not a format that is written here."),
    };

    public static void Encode(GgufFormat format, ReadOnlySpan<float> row, Span<byte> target)
    {
        if (format == GgufFormat.F32)
        {
            MemoryMarshal.AsBytes(row).CopyTo(target);
            return;
        }

        if (format == GgufFormat.Bf16)
        {
            var halves = MemoryMarshal.Cast<byte, ushort>(target);
            for (var i = 0; i < row.Length; i++) halves[i] = (ushort)(BitConverter.SingleToUInt32Bits(row[i]) >> 16); // exact: the weights are bfloat16
            return;
        }

        var blockBytes = Bytes(format, Block);
        for (var block = 0; block < row.Length / Block; block++)
        {
            var weights = row.Slice(block * Block, Block);
            var bytes = target.Slice(block * blockBytes, blockBytes);
            if (format == GgufFormat.Q8_0) EncodeQ8(weights, bytes);
            else EncodeQ4(weights, bytes);
        }
    }

    // Scale = largest magnitude / 127; 32 signed bytes.
    private static void EncodeQ8(ReadOnlySpan<float> weights, Span<byte> bytes)
    {
        var largest = 0f;
        foreach (var weight in weights) largest = Math.Max(largest, Math.Abs(weight));
        var inverse = WriteScale(bytes, largest / 127);
        for (var i = 0; i < Block; i++)
            bytes[2 + i] = (byte)(sbyte)MathF.Round(weights[i] * inverse, MidpointRounding.AwayFromZero);
    }

    // Scale = the weight of largest magnitude / -8; nibbles biased by 8, element i beside element i + 16.
    private static void EncodeQ4(ReadOnlySpan<float> weights, Span<byte> bytes)
    {
        var extreme = 0f;
        foreach (var weight in weights)
        {
            if (Math.Abs(weight) > Math.Abs(extreme)) extreme = weight;
        }

        var inverse = WriteScale(bytes, extreme / -8);
        for (var i = 0; i < Block / 2; i++)
            bytes[2 + i] = (byte)(Nibble(weights[i]) | Nibble(weights[i + Block / 2]) << 4);

        int Nibble(float weight) => Math.Min(15, (int)(weight * inverse + 8.5f));
    }

    private static float WriteScale(Span<byte> bytes, float scale)
    {
        BinaryPrimitives.WriteHalfLittleEndian(bytes, (Half)scale);
        return scale == 0 ? 0 : 1 / scale;
    }
}
