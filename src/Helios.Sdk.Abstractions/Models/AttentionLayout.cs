namespace Helios.Sdk.Models;

/// <summary>Attention of a layer: grouped-query attention with the deviations that families have.</summary>
public sealed record AttentionLayout
{
    /// <summary>Number of query heads.</summary>
    public required int Heads { get; init; }

    /// <summary>Number of key/value heads; divides <see cref="Heads"/>.</summary>
    public required int KvHeads { get; init; }

    /// <summary>Width of one head, in elements; even.</summary>
    public required int HeadDim { get; init; }

    /// <summary>Factor of the scores, usually 1 / sqrt(<see cref="HeadDim"/>).</summary>
    public required float Scale { get; init; }

    /// <summary>Tokens that a token sees, itself included: key j is seen by query i if i - j is less. Null sees all before it.</summary>
    public int? Window { get; init; }

    /// <summary>Scores s become c tanh(s / c), before the mask; null leaves them.</summary>
    public float? SoftCap { get; init; }

    /// <summary>Rotary positions; null for a layer without positions of its own.</summary>
    public RotaryLayout? Rotary { get; init; }

    /// <summary>Norm of queries and keys, before they turn; null without one.</summary>
    public NormLayout? QueryKeyNorm { get; init; }

    /// <summary>Whether <see cref="QueryKeyNorm"/> spans all heads together; otherwise each head has its norm, with weights <c>[headDim]</c> that all share.</summary>
    public bool NormsWholeProjection { get; init; }

    /// <summary>Whether query, key and value projections have biases.</summary>
    public bool HasBias { get; init; }

    /// <summary>Whether the output projection has a bias.</summary>
    public bool HasOutputBias { get; init; }

    /// <summary>Elements of all query heads together: <see cref="Heads"/> x <see cref="HeadDim"/>.</summary>
    public int QuerySize => Heads * HeadDim;

    /// <summary>Elements of all key (or value) heads together: <see cref="KvHeads"/> x <see cref="HeadDim"/>.</summary>
    public int KvSize => KvHeads * HeadDim;
}
