using System.Numerics;
using System.Runtime.InteropServices;
using Helios.Sdk.Cpu.Kernels;

namespace Helios.Sdk.Cpu.Loading;

/// <summary>
/// Weights as small integers: a group of columns of a row shares a bfloat16 scale, and a weight is its integer times that.
/// Activations are integers too, each group with a scale of its own. With int8 weights they have 16 bits, so that rounding
/// them costs nothing beside rounding the weights, and the sum of a group, at most 64 x 127 x 32,767, fits 32 bits. With
/// int4 weights they have 8 bits, as in llama.cpp, and the sum, at most 32 x 8 x 127, fits 16.
/// </summary>
internal static unsafe class Quantisation
{
    /// <summary>What is added to an int4 weight to make it a nibble without sign.</summary>
    public const int NibbleOffset = 8;

    private const int LargestGroup = 64;

    /// <summary>Columns that share a scale; 0 where weights are floats.</summary>
    public static int Group(WeightFormat format) => format switch
    {
        WeightFormat.Int8 => 64,
        WeightFormat.Int4 => 32,
        _ => 0,
    };

    /// <summary>Largest magnitude of an activation.</summary>
    public static int LargestActivation(WeightFormat format) => format == WeightFormat.Int8 ? short.MaxValue : sbyte.MaxValue;

    /// <summary>Packs one row of floats into its lane of a block.</summary>
    /// <param name="row">Weights, one for each column of the matrix.</param>
    /// <param name="matrix">The matrix, in an integer format.</param>
    /// <param name="block">Block of the row.</param>
    /// <param name="lane">Its place in the block.</param>
    public static void PackRow(ReadOnlySpan<float> row, PackedMatrix matrix, int block, int lane)
    {
        var size = Group(matrix.Format);
        var scales = matrix.Scales(block);
        Span<float> weights = stackalloc float[LargestGroup];
        weights = weights[..size];
        Span<sbyte> integers = stackalloc sbyte[LargestGroup];
        for (var group = 0; group < matrix.Groups; group++)
        {
            var from = row[(group * size)..Math.Min((group + 1) * size, row.Length)];
            from.CopyTo(weights);
            weights[from.Length..].Clear();
            var scale = matrix.Format == WeightFormat.Int8 ? RoundTo8(weights, integers) : RoundTo4(weights, integers);
            scales[PackedMatrix.ScaleIndex(lane, group)] = scale;
            if (matrix.Format == WeightFormat.Int8) PlaceBytes(integers, (sbyte*)matrix.Block(block) + group * size * PackedMatrix.BlockRows + 2 * lane, size);
            else PlaceNibbles(integers, matrix.Block(block) + group * size / 2 * PackedMatrix.BlockRows + 4 * lane, size);
        }
    }

    // To the nearest of -127..127.
    private static ushort RoundTo8(ReadOnlySpan<float> weights, Span<sbyte> integers)
    {
        var largest = 0f;
        foreach (var weight in weights) largest = MathF.Max(largest, MathF.Abs(weight));
        return Round(weights, WeightCodec.Bf16.Round(largest / 127), -127, 127, integers);
    }

    // To the nearest of -8..7: the weight of the largest magnitude, whichever its sign, becomes -8.
    private static ushort RoundTo4(ReadOnlySpan<float> weights, Span<sbyte> integers)
    {
        var extreme = 0f;
        foreach (var weight in weights)
        {
            if (float.IsNaN(extreme)) break;
            if (!(MathF.Abs(weight) <= MathF.Abs(extreme))) extreme = weight;
        }

        var best = WeightCodec.Bf16.Round(extreme / -8);
        var least = Error(weights, best);
        for (var steps = 7.2f; steps < 9; steps += 0.2f)
        {
            var scale = WeightCodec.Bf16.Round(extreme / -steps);
            var error = Error(weights, scale);
            if (error < least) (best, least) = (scale, error);
        }

        return Round(weights, best, -8, 7, integers);
    }

    // Sum of squared errors that a scale leaves.
    private static float Error(ReadOnlySpan<float> weights, ushort scale)
    {
        var step = BitConverter.UInt32BitsToSingle((uint)scale << 16);
        var (steps, inverse) = (new Vector<float>(step), new Vector<float>(step == 0 ? 0 : 1 / step));
        var sum = Vector<float>.Zero;
        foreach (var weight in MemoryMarshal.Cast<float, Vector<float>>(weights))
        {
            var integer = Vector.Max(new Vector<float>(-8), Vector.Min(new Vector<float>(7), Vector.Round(weight * inverse)));
            var off = weight - integer * steps;
            sum += off * off;
        }

        return Vector.Sum(sum);
    }

    private static ushort Round(ReadOnlySpan<float> weights, ushort scale, int least, int most, Span<sbyte> integers)
    {
        var step = BitConverter.UInt32BitsToSingle((uint)scale << 16);
        var inverse = step == 0 ? 0 : 1 / step;
        for (var i = 0; i < weights.Length; i++)
        {
            var rounded = MathF.Round(weights[i] * inverse);
            integers[i] = float.IsFinite(rounded) ? (sbyte)Math.Clamp((int)rounded, least, most) : (sbyte)0;
        }

        return scale;
    }

    private static void PlaceBytes(ReadOnlySpan<sbyte> integers, sbyte* lane, int size)
    {
        for (var k = 0; k < size; k += 2, lane += 2 * PackedMatrix.BlockRows) (lane[0], lane[1]) = (integers[k], integers[k + 1]);
    }

    private static void PlaceNibbles(ReadOnlySpan<sbyte> integers, byte* lane, int size)
    {
        for (var k = 0; k < size; k += 8, lane += 4 * PackedMatrix.BlockRows)
            for (var i = 0; i < 4; i++) lane[i] = (byte)((integers[k + i] + NibbleOffset) | ((integers[k + 4 + i] + NibbleOffset) << 4));
    }
}
