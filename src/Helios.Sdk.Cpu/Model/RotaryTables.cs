using Helios.Sdk.Models;

namespace Helios.Sdk.Cpu.Model;

/// <summary>Cosines and sines of a step's positions: a table for each kind of rotary positions that the layers have.</summary>
internal sealed unsafe class RotaryTables
{
    private readonly RotaryLayout[] kinds;
    private readonly double[]?[] frequencies;
    private readonly int[] kindOfLayer;
    private readonly int[] offsets;

    public RotaryTables(ModelArchitecture architecture)
    {
        kinds = [.. architecture.Stack.Select(layer => layer.Attention.Rotary).OfType<RotaryLayout>().Distinct()];
        kindOfLayer = [.. architecture.Stack.Select(layer => layer.Attention.Rotary is { } rotary ? Array.IndexOf(kinds, rotary) : -1)];
        frequencies = [.. kinds.Select(kind => kind.Scaling.DependsOnLength ? null : kind.InverseFrequencies(length: 1))];
        offsets = [.. kinds.Select((_, i) => kinds.Take(i).Sum(kind => kind.Dimensions))];
        RowFloats = kinds.Sum(kind => kind.Dimensions);
    }

    /// <summary>Floats of a row of all tables.</summary>
    public int RowFloats { get; }

    /// <summary>Fills the tables of a row.</summary>
    /// <param name="tables">The row's tables, <see cref="RowFloats"/>.</param>
    /// <param name="position">Its position.</param>
    /// <param name="length">Tokens of its sequence.</param>
    public void Fill(float* tables, int position, int length)
    {
        for (var i = 0; i < kinds.Length; i++)
        {
            var cosines = tables + offsets[i];
            var factor = kinds[i].Scaling.AttentionFactor;
            if (frequencies[i] is { } known) Fill(cosines, known, position, factor);
            else FillByLength(cosines, kinds[i], position, length);
        }
    }

    /// <summary>Cosines, then sines, of a layer for a row; null where the layer does not turn.</summary>
    /// <param name="tables">The row's tables.</param>
    /// <param name="layer">Index of the layer.</param>
    public float* Of(float* tables, int layer) => kindOfLayer[layer] is var kind and >= 0 ? tables + offsets[kind] : null;

    private static void FillByLength(float* cosines, RotaryLayout kind, int position, int length)
    {
        Span<double> inverse = stackalloc double[kind.Dimensions / 2];
        kind.Scaling.InverseFrequencies(inverse, kind.Theta, length);
        Fill(cosines, inverse, position, kind.Scaling.AttentionFactor);
    }

    // In double: at position 100,000 a float angle would be off by a hundredth of a radian.
    private static void Fill(float* cosines, ReadOnlySpan<double> inverse, int position, double factor)
    {
        for (var i = 0; i < inverse.Length; i++)
        {
            var (sin, cos) = Math.SinCos(position * inverse[i]);
            cosines[i] = (float)(cos * factor);
            cosines[inverse.Length + i] = (float)(sin * factor);
        }
    }
}
