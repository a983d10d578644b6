using System.Collections;

namespace Helios.Sdk.Models;

/// <summary>The layers of a model, from the bottom. Equal layers are one object, and equal sequences have equal layers. Immutable.</summary>
public sealed class LayerSequence : IReadOnlyList<LayerLayout>, IEquatable<LayerSequence>
{
    private readonly LayerLayout[] layers;

    /// <summary>Creates a sequence of layers.</summary>
    /// <param name="layers">Layers, from the bottom; at least one.</param>
    public LayerSequence(IEnumerable<LayerLayout> layers)
    {
        ArgumentNullException.ThrowIfNull(layers);
        var known = new Dictionary<LayerLayout, LayerLayout>();
        this.layers = [.. layers.Select(layer => known.TryAdd(layer, layer) ? layer : known[layer])];
        ArgumentOutOfRangeException.ThrowIfZero(this.layers.Length, nameof(layers));
    }

    /// <summary>Number of layers.</summary>
    public int Count => layers.Length;

    /// <summary>A layer.</summary>
    /// <param name="index">Index from 0.</param>
    public LayerLayout this[int index] => layers[index];

    /// <summary>The same layer so many times.</summary>
    /// <param name="layer">The layer.</param>
    /// <param name="count">Number of layers, at least 1.</param>
    public static LayerSequence Repeat(LayerLayout layer, int count) => new(Enumerable.Repeat(layer, count));

    /// <summary>The same sequence with every layer changed.</summary>
    /// <param name="change">The change; called once for layers that are one object.</param>
    public LayerSequence Select(Func<LayerLayout, LayerLayout> change)
    {
        ArgumentNullException.ThrowIfNull(change);
        var changed = new Dictionary<LayerLayout, LayerLayout>(ReferenceEqualityComparer.Instance);
        return new LayerSequence(layers.Select(layer => changed.TryGetValue(layer, out var known) ? known : changed[layer] = change(layer)));
    }

    /// <inheritdoc/>
    public bool Equals(LayerSequence? other) => other is not null && layers.AsSpan().SequenceEqual(other.layers);

    /// <inheritdoc/>
    public override bool Equals(object? obj) => Equals(obj as LayerSequence);

    /// <inheritdoc/>
    public override int GetHashCode() => HashCode.Combine(layers.Length, layers[0]);

    /// <inheritdoc/>
    public IEnumerator<LayerLayout> GetEnumerator() => ((IEnumerable<LayerLayout>)layers).GetEnumerator();

    IEnumerator IEnumerable.GetEnumerator() => layers.GetEnumerator();
}
