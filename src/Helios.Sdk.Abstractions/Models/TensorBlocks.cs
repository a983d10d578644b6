using System.Buffers.Binary;

namespace Helios.Sdk.Models;

/// <summary>
/// Reads stored elements as numbers: the one place that knows the layout of blocks. Values are those of llama.cpp's reference code, bit for bit.
/// Thread-safe; nothing is allocated.
/// </summary>
public static class TensorBlocks
{
    /// <summary>Elements of the largest block.</summary>
    public const int LargestBlock = 256;

    /// <summary>Elements of the smallest group that shares a scale.</summary>
    public const int SmallestGroup = 16;

    /// <summary>The values that 4 bits of <see cref="TensorType.IQ4_NL"/> and <see cref="TensorType.IQ4_XS"/> stand for.</summary>
    private static ReadOnlySpan<sbyte> NonLinear => [-127, -104, -83, -65, -49, -35, -22, -10, 1, 13, 25, 38, 53, 69, 89, 113];

    /// <summary>Elements that share a scale: 16 or 32, and 0 for a plain type, which has none.</summary>
    /// <param name="type">The type.</param>
    public static int GroupElements(TensorType type) => type switch
    {
        TensorType.Q2_K or TensorType.Q3_K or TensorType.Q6_K => 16,
        _ when type.IsQuantised() => 32,
        _ => 0,
    };

    /// <summary>Whether an element is its integer times a scale plus an offset, and not the product alone.</summary>
    /// <param name="type">The type.</param>
    public static bool HasOffsets(TensorType type) => type is TensorType.Q4_1 or TensorType.Q5_1 or TensorType.Q2_K or TensorType.Q4_K or TensorType.Q5_K;

    /// <summary>Converts whole blocks to floats.</summary>
    /// <param name="type">The type.</param>
    /// <param name="stored">Blocks as stored.</param>
    /// <param name="values">Receives as many elements as the blocks have.</param>
    /// <exception cref="ArgumentException">The lengths do not agree.</exception>
    public static void ToFloats(TensorType type, ReadOnlySpan<byte> stored, Span<float> values)
    {
        RequireBlocks(type, stored.Length, values.Length);
        if (!type.IsQuantised())
        {
            ConvertPlain(type, stored, values);
            return;
        }

        var (block, group, offset) = (type.BlockElements(), GroupElements(type), HasOffsets(type));
        Span<sbyte> integers = stackalloc sbyte[LargestBlock];
        Span<float> scales = stackalloc float[LargestBlock / SmallestGroup];
        Span<float> offsets = stackalloc float[LargestBlock / SmallestGroup];
        for (; !values.IsEmpty; values = values[block..], stored = stored[type.BlockBytes()..])
        {
            ReadBlock(type, stored, integers, scales, offsets);
            for (var i = 0; i < block; i++)
            {
                var value = scales[i / group] * integers[i];
                values[i] = offset ? value + offsets[i / group] : value;
            }
        }
    }

    /// <summary>Takes whole blocks apart: element i is <c>integers[i] * scales[i / group] + offsets[i / group]</c>.</summary>
    /// <param name="type">A quantised type.</param>
    /// <param name="stored">Blocks as stored.</param>
    /// <param name="integers">Receives an integer for each element: 0..15 for <see cref="TensorType.Q4_1"/> and <see cref="TensorType.Q4_K"/>, -8..7 for <see cref="TensorType.Q4_0"/>, else up to 8 bits.</param>
    /// <param name="scales">Receives a scale for each group of <see cref="GroupElements"/>.</param>
    /// <param name="offsets">Receives an offset likewise; 0 where the type has none.</param>
    /// <exception cref="ArgumentException">The type is plain, or the lengths do not agree.</exception>
    public static void Split(TensorType type, ReadOnlySpan<byte> stored, Span<sbyte> integers, Span<float> scales, Span<float> offsets)
    {
        var group = GroupElements(type);
        if (group == 0) throw new ArgumentException($"{type} has no blocks.", nameof(type));
        RequireBlocks(type, stored.Length, integers.Length);
        if (scales.Length != integers.Length / group || offsets.Length != scales.Length) throw new ArgumentException(FormattableString.Invariant($"{integers.Length / group} groups have as many scales and offsets."), nameof(scales));
        var block = type.BlockElements();
        for (; !integers.IsEmpty; integers = integers[block..], scales = scales[(block / group)..], offsets = offsets[(block / group)..], stored = stored[type.BlockBytes()..])
            ReadBlock(type, stored, integers, scales, offsets);
    }

    private static void RequireBlocks(TensorType type, int bytes, int elements)
    {
        if (elements % type.BlockElements() != 0 || (long)elements / type.BlockElements() * type.BlockBytes() != bytes)
            throw new ArgumentException(FormattableString.Invariant($"{bytes} bytes are not {elements} elements of {type}."), nameof(bytes));
    }

    private static void ConvertPlain(TensorType type, ReadOnlySpan<byte> stored, Span<float> values)
    {
        for (var i = 0; i < values.Length; i++)
        {
            values[i] = type switch
            {
                TensorType.BF16 => BitConverter.UInt32BitsToSingle((uint)BinaryPrimitives.ReadUInt16LittleEndian(stored[(2 * i)..]) << 16),
                TensorType.F16 => HalfAt(stored, 2 * i),
                _ => BinaryPrimitives.ReadSingleLittleEndian(stored[(4 * i)..]),
            };
        }
    }

    private static void ReadBlock(TensorType type, ReadOnlySpan<byte> block, Span<sbyte> integers, Span<float> scales, Span<float> offsets)
    {
        offsets[..(type.BlockElements() / GroupElements(type))].Clear();
        switch (type)
        {
            case TensorType.Q8_0:
                scales[0] = HalfAt(block, 0);
                for (var i = 0; i < 32; i++) integers[i] = (sbyte)block[2 + i];
                break;
            case TensorType.Q4_0 or TensorType.Q4_1:
                ReadFour(block, type == TensorType.Q4_0, integers, scales, offsets);
                break;
            case TensorType.Q5_0 or TensorType.Q5_1:
                ReadFive(block, type == TensorType.Q5_0, integers, scales, offsets);
                break;
            case TensorType.Q2_K:
                ReadQ2K(block, integers, scales, offsets);
                break;
            case TensorType.Q3_K:
                ReadQ3K(block, integers, scales);
                break;
            case TensorType.Q4_K or TensorType.Q5_K:
                ReadQ45K(block, type == TensorType.Q5_K, integers, scales, offsets);
                break;
            case TensorType.Q6_K:
                ReadQ6K(block, integers, scales);
                break;
            case TensorType.IQ4_NL:
                scales[0] = HalfAt(block, 0);
                ReadNonLinear(block.Slice(2, 16), integers);
                break;
            default:
                ReadIQ4XS(block, integers, scales);
                break;
        }
    }

    // The low nibbles are the first 16 elements, the high ones the next.
    private static void ReadFour(ReadOnlySpan<byte> block, bool signed, Span<sbyte> integers, Span<float> scales, Span<float> offsets)
    {
        scales[0] = HalfAt(block, 0);
        if (!signed) offsets[0] = HalfAt(block, 2);
        var nibbles = block[(signed ? 2 : 4)..];
        var zero = signed ? 8 : 0;
        for (var i = 0; i < 16; i++) (integers[i], integers[i + 16]) = ((sbyte)((nibbles[i] & 15) - zero), (sbyte)((nibbles[i] >> 4) - zero));
    }

    private static void ReadFive(ReadOnlySpan<byte> block, bool signed, Span<sbyte> integers, Span<float> scales, Span<float> offsets)
    {
        scales[0] = HalfAt(block, 0);
        if (!signed) offsets[0] = HalfAt(block, 2);
        var fifth = BinaryPrimitives.ReadUInt32LittleEndian(block[(signed ? 2 : 4)..]);
        var nibbles = block[(signed ? 6 : 8)..];
        var zero = signed ? 16 : 0;
        for (var i = 0; i < 16; i++)
        {
            integers[i] = (sbyte)(((nibbles[i] & 15) | (int)((fifth >> i) & 1) << 4) - zero);
            integers[i + 16] = (sbyte)(((nibbles[i] >> 4) | (int)((fifth >> (i + 16)) & 1) << 4) - zero);
        }
    }

    // 16 bytes of 4-bit scales and offsets, 64 bytes of 2-bit integers, and the scales of both.
    private static void ReadQ2K(ReadOnlySpan<byte> block, Span<sbyte> integers, Span<float> scales, Span<float> offsets)
    {
        var (scale, offset) = (HalfAt(block, 80), HalfAt(block, 82));
        for (var group = 0; group < 16; group++) (scales[group], offsets[group]) = (scale * (block[group] & 15), -(offset * (block[group] >> 4)));
        for (var i = 0; i < 256; i++) integers[i] = (sbyte)((block[16 + i / 128 * 32 + i % 32] >> (i / 32 % 4 * 2)) & 3);
    }

    // 32 bytes of third bits, 64 bytes of 2-bit integers, 12 bytes of 6-bit scales, and the scale of these.
    private static void ReadQ3K(ReadOnlySpan<byte> block, Span<sbyte> integers, Span<float> scales)
    {
        var scale = HalfAt(block, 108);
        var packed = block.Slice(96, 12);
        for (var group = 0; group < 16; group++)
        {
            var low = (packed[group % 8] >> (group / 8 * 4)) & 15;
            var high = (packed[8 + group % 4] >> (group / 4 * 2)) & 3;
            scales[group] = scale * ((low | high << 4) - 32);
        }

        for (var i = 0; i < 256; i++)
        {
            var low = (block[32 + i / 128 * 32 + i % 32] >> (i / 32 % 4 * 2)) & 3;
            integers[i] = (sbyte)((block[i % 32] >> (i / 32) & 1) != 0 ? low : low - 4);
        }
    }

    // The scales of scales and offsets, 12 bytes of 8 pairs of 6 bits, fifth bits, and nibbles.
    private static void ReadQ45K(ReadOnlySpan<byte> block, bool five, Span<sbyte> integers, Span<float> scales, Span<float> offsets)
    {
        var (scale, offset) = (HalfAt(block, 0), HalfAt(block, 2));
        var packed = block.Slice(4, 12);
        for (var group = 0; group < 8; group++)
        {
            var (s, o) = group < 4
                ? (packed[group] & 63, packed[group + 4] & 63)
                : (packed[group + 4] & 15 | packed[group - 4] >> 6 << 4, packed[group + 4] >> 4 | packed[group] >> 6 << 4);
            (scales[group], offsets[group]) = (scale * s, -(offset * o));
        }

        var nibbles = block[(five ? 48 : 16)..];
        for (var i = 0; i < 256; i++)
        {
            var low = (nibbles[i / 64 * 32 + i % 32] >> (i / 32 % 2 * 4)) & 15;
            integers[i] = (sbyte)(five ? low | (block[16 + i % 32] >> (i / 32) & 1) << 4 : low);
        }
    }

    // 128 bytes of low nibbles, 64 bytes of upper 2 bits, 16 scales of 8 bits, and the scale of these.
    private static void ReadQ6K(ReadOnlySpan<byte> block, Span<sbyte> integers, Span<float> scales)
    {
        var scale = HalfAt(block, 208);
        for (var group = 0; group < 16; group++) scales[group] = scale * (sbyte)block[192 + group];
        for (var i = 0; i < 256; i++)
        {
            var low = (block[i / 128 * 64 + i % 64] >> (i / 64 % 2 * 4)) & 15;
            var high = (block[128 + i / 128 * 32 + i % 32] >> (i / 32 % 4 * 2)) & 3;
            integers[i] = (sbyte)((low | high << 4) - 32);
        }
    }

    private static void ReadIQ4XS(ReadOnlySpan<byte> block, Span<sbyte> integers, Span<float> scales)
    {
        var (scale, high) = (HalfAt(block, 0), BinaryPrimitives.ReadUInt16LittleEndian(block[2..]));
        for (var group = 0; group < 8; group++)
        {
            var low = (block[4 + group / 2] >> (group % 2 * 4)) & 15;
            scales[group] = scale * ((low | (high >> (2 * group) & 3) << 4) - 32);
            ReadNonLinear(block.Slice(8 + 16 * group, 16), integers[(32 * group)..]);
        }
    }

    private static void ReadNonLinear(ReadOnlySpan<byte> nibbles, Span<sbyte> integers)
    {
        for (var i = 0; i < 16; i++) (integers[i], integers[i + 16]) = (NonLinear[nibbles[i] & 15], NonLinear[nibbles[i] >> 4]);
    }

    private static float HalfAt(ReadOnlySpan<byte> bytes, int at) => (float)BinaryPrimitives.ReadHalfLittleEndian(bytes[at..]);
}
