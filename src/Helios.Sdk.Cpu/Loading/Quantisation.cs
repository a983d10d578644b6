using Helios.Sdk.Cpu.Kernels;

namespace Helios.Sdk.Cpu.Loading;

/// <summary>
/// Weights as small integers: a group of columns of a row shares a bfloat16 scale, and a weight is its integer times that.
/// Activations are 16-bit integers with a scale of their own per row, so that rounding them costs nothing beside rounding
/// the weights: a product of int8 weights over a group is at most 64 x 127 x 32,767 and fits 32 bits eight times over.
/// </summary>
internal static unsafe class Quantisation
{
    /// <summary>Largest magnitude of an activation.</summary>
    public const int LargestActivation = 32_767;

    private const int LargestGroup = 64;

    /// <summary>Columns that share a scale; 0 where weights are floats.</summary>
    public static int Group(WeightFormat format) => format switch
    {
        WeightFormat.Int8 => 64,
        WeightFormat.Int4 => 32,
        _ => 0,
    };

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
            else PlaceNibbles(integers, (sbyte*)matrix.Block(block) + group * size / 2 * PackedMatrix.BlockRows + 2 * lane, size);
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

        return Round(weights, WeightCodec.Bf16.Round(extreme / -8), -8, 7, integers);
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

    private static void PlaceNibbles(ReadOnlySpan<sbyte> integers, sbyte* lane, int size)
    {
        for (var k = 0; k < size; k += 4, lane += 2 * PackedMatrix.BlockRows)
        {
            lane[0] = (sbyte)((integers[k] & 15) | (integers[k + 2] << 4));
            lane[1] = (sbyte)((integers[k + 1] & 15) | (integers[k + 3] << 4));
        }
    }
}
