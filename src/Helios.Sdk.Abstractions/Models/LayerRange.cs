namespace Helios.Sdk.Models;

/// <summary>Consecutive transformer layers: <c>[Start, End)</c>, counted from 0.</summary>
/// <param name="Start">First layer of the range.</param>
/// <param name="End">One past the last layer.</param>
public readonly record struct LayerRange(int Start, int End)
{
    /// <summary>Number of layers in the range; 0 when it is empty.</summary>
    public int Count => Math.Max(0, End - Start);

    /// <summary>The first <paramref name="depth"/> layers.</summary>
    /// <param name="depth">Layers executed, at least 0.</param>
    public static LayerRange To(int depth) => new(0, depth);

    /// <summary>Whether <paramref name="layer"/> lies inside the range.</summary>
    /// <param name="layer">A layer index counted from 0.</param>
    public bool Contains(int layer) => layer >= Start && layer < End;

    /// <inheritdoc/>
    public override string ToString() => $"[{Start}, {End})";
}
