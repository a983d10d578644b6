using System.Numerics;
using System.Runtime.InteropServices;

namespace Helios.Sdk.Cpu.Formats;

/// <summary>
/// Weights as small integers: a group of columns of a row shares a bfloat16 scale, and a weight is its integer times that.
/// Activations are integers too, each group with a scale of its own. With int8 weights they have 16 bits, so that rounding
/// them costs nothing beside rounding the weights, and the sum of a group, at most 64 x 127 x 32,767, fits 32 bits. With
/// int4 weights they have 8 bits, as in llama.cpp, and the sum, at most 32 x 8 x 127, fits 16. With the weights of a quantised
/// file, which are exact, they have 16 bits again; beside nibbles these are taken apart in two bytes, see <see cref="QuantisedRow"/>.
/// </summary>
internal static unsafe class Quantisation
{
    /// <summary>What is added to an int4 weight to make it a nibble without sign.</summary>
    public const int NibbleOffset = 8;

    /// <summary>A scale whose inverse is finite. What would need a smaller one is zero.</summary>
    public const float SmallestScale = 3e-39f;

    /// <summary>Largest magnitude of an activation that is taken apart in two bytes: 256 x 127 + 127.</summary>
    public const int LargestSplit = 32_639;

    /// <summary>Groups of a format; those of a block format are the file's.</summary>
    public static GroupLayout Groups(WeightFormat format) => format switch
    {
        WeightFormat.Int8 => new GroupLayout(64),
        WeightFormat.Int4 => new GroupLayout(32),
        _ => default,
    };

    /// <summary>Largest magnitude of an activation.</summary>
    public static int LargestActivation(WeightFormat format) => format switch
    {
        WeightFormat.Int4 => sbyte.MaxValue,
        WeightFormat.Block4 => LargestSplit,
        _ => short.MaxValue,
    };

    /// <summary>Packs one row of floats into its lane of a block.</summary>
    /// <param name="row">Weights, one for each column of the matrix.</param>
    /// <param name="matrix">The matrix, in an integer format.</param>
    /// <param name="block">Block of the row.</param>
    /// <param name="lane">Its place in the block.</param>
    public static void PackRow(ReadOnlySpan<float> row, PackedMatrix matrix, int block, int lane)
    {
        var size = matrix.GroupColumns;
        var scales = matrix.Scales(block);
        Span<float> weights = stackalloc float[size];
        Span<float> integers = stackalloc float[size];
        for (var group = 0; group < matrix.Groups; group++)
        {
            var from = row[(group * size)..Math.Min((group + 1) * size, row.Length)];
            from.CopyTo(weights);
            weights[from.Length..].Clear();
            var index = PackedMatrix.ScaleIndex(lane, group);
            if (matrix.Format == WeightFormat.Int8)
            {
                scales[index] = RoundTo8(weights, integers);
                PlaceBytes(integers, (sbyte*)matrix.Block(block) + group * size * PackedMatrix.BlockRows + 2 * lane);
            }
            else
            {
                scales[index] = RoundTo4(weights, integers);
                PlaceNibbles(integers, matrix.Block(block) + group * size / 2 * PackedMatrix.BlockRows + 4 * lane);
            }
        }
    }

    // To the nearest of -127..127.
    private static ushort RoundTo8(ReadOnlySpan<float> weights, Span<float> integers)
    {
        var (lowest, highest) = Range(weights);
        var scale = WeightCodec.Bf16.Round(MathF.Max(-lowest, highest) / 127);
        Round(weights, scale, -127, 127, integers);
        return scale;
    }

    // To the nearest of -8..7, the weight of the largest magnitude, whichever its sign, near -8: the scale that leaves the
    // least error of some. (Ten of them instead of six gain nothing.)
    private static ushort RoundTo4(ReadOnlySpan<float> weights, Span<float> integers)
    {
        var (lowest, highest) = Range(weights);
        var extreme = highest < -lowest ? lowest : highest;
        var best = WeightCodec.Bf16.Round(extreme / -8);
        var least = Round(weights, best, -8, 7, integers);
        foreach (var steps in (ReadOnlySpan<float>)[7.25f, 7.5f, 7.75f, 8.25f, 8.5f])
        {
            var scale = WeightCodec.Bf16.Round(extreme / -steps);
            var error = Round(weights, scale, -8, 7, integers);
            if (error < least) (best, least) = (scale, error);
        }

        Round(weights, best, -8, 7, integers);
        return best;
    }

    // NaN where any weight is.
    private static (float Lowest, float Highest) Range(ReadOnlySpan<float> weights)
    {
        var (low, high) = (Vector<float>.Zero, Vector<float>.Zero);
        foreach (var weight in MemoryMarshal.Cast<float, Vector<float>>(weights)) (low, high) = (Vector.Min(low, weight), Vector.Max(high, weight));
        var (lowest, highest) = (0f, 0f);
        for (var i = 0; i < Vector<float>.Count; i++) (lowest, highest) = (MathF.Min(lowest, low[i]), MathF.Max(highest, high[i]));
        return (lowest, highest);
    }

    // Returns the sum of squared errors.
    private static float Round(ReadOnlySpan<float> weights, ushort scale, float least, float most, Span<float> integers)
    {
        var step = BitConverter.UInt32BitsToSingle((uint)scale << 16);
        var (steps, inverse) = (new Vector<float>(step), new Vector<float>(MathF.Abs(step) < SmallestScale ? 0 : 1 / step));
        var (lowest, highest) = (new Vector<float>(least), new Vector<float>(most));
        var sum = Vector<float>.Zero;
        var rounded = MemoryMarshal.Cast<float, Vector<float>>(integers);
        var values = MemoryMarshal.Cast<float, Vector<float>>(weights);
        for (var i = 0; i < values.Length; i++)
        {
            rounded[i] = Vector.Max(lowest, Vector.Min(highest, Vector.Round(values[i] * inverse)));
            var off = values[i] - rounded[i] * steps;
            sum += off * off;
        }

        return Vector.Sum(sum);
    }

    private static void PlaceBytes(ReadOnlySpan<float> integers, sbyte* lane)
    {
        for (var k = 0; k < integers.Length; k += 2, lane += 2 * PackedMatrix.BlockRows) (lane[0], lane[1]) = ((sbyte)integers[k], (sbyte)integers[k + 1]);
    }

    private static void PlaceNibbles(ReadOnlySpan<float> integers, byte* lane)
    {
        for (var k = 0; k < integers.Length; k += 8, lane += 4 * PackedMatrix.BlockRows)
            for (var i = 0; i < 4; i++) lane[i] = (byte)(((int)integers[k + i] + NibbleOffset) | (((int)integers[k + 4 + i] + NibbleOffset) << 4));
    }
}
