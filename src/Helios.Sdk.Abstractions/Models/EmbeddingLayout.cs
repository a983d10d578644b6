namespace Helios.Sdk.Models;

/// <summary>How tokens become the residual stream.</summary>
/// <param name="VocabularySize">Rows of the embedding.</param>
/// <param name="Width">Columns of the embedding. If it is not the width of the residual stream, a projection follows, and another one stands before the LM head.</param>
public sealed record EmbeddingLayout(int VocabularySize, int Width)
{
    /// <summary>Factor of the embedding.</summary>
    public float Scale { get; init; } = 1;

    /// <summary>Learned positions, added to the embedding; null without them.</summary>
    public PositionLayout? Positions { get; init; }
}

/// <summary>Learned positions: a row per position.</summary>
/// <param name="Rows">Rows of the table.</param>
/// <param name="Offset">Row of position 0.</param>
public sealed record PositionLayout(int Rows, int Offset = 0);

/// <summary>How the residual stream becomes logits: norm, projection if the embedding has another width, head, bias, scale, soft-cap.</summary>
/// <param name="Norm">Norm before the head; null without one.</param>
/// <param name="IsTied">Whether the LM head is the embedding matrix.</param>
public sealed record HeadLayout(NormLayout? Norm, bool IsTied)
{
    /// <summary>Whether the LM head has a bias <c>[vocabulary]</c>.</summary>
    public bool HasBias { get; init; }

    /// <summary>Factor of the logits.</summary>
    public float Scale { get; init; } = 1;

    /// <summary>Logits l become c tanh(l / c); null leaves them.</summary>
    public float? SoftCap { get; init; }
}
