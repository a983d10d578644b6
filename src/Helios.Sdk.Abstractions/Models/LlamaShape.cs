namespace Helios.Sdk.Models;

/// <summary>The sizes that determine a model of the Llama family: RMSNorm, rotary positions, grouped-query attention, SwiGLU, every layer alike.</summary>
public sealed record LlamaShape
{
    /// <summary>Number of transformer layers.</summary>
    public required int Layers { get; init; }

    /// <summary>Width of the residual stream, in elements.</summary>
    public required int HiddenSize { get; init; }

    /// <summary>Number of query heads.</summary>
    public required int Heads { get; init; }

    /// <summary>Number of key/value heads; divides <see cref="Heads"/>.</summary>
    public required int KvHeads { get; init; }

    /// <summary>Width of one head, in elements; even.</summary>
    public required int HeadDim { get; init; }

    /// <summary>Width of the feed-forward layer, in elements.</summary>
    public required int FeedForwardSize { get; init; }

    /// <summary>Rows of the embedding and of the LM head.</summary>
    public required int VocabularySize { get; init; }

    /// <summary>Maximum tokens of a sequence, prompt and answer together.</summary>
    public required int ContextLength { get; init; }

    /// <summary>Epsilon of every norm; transformers' default for Llama is 1e-6.</summary>
    public float NormEpsilon { get; init; } = 1e-6f;

    /// <summary>Base of the rotary frequencies; transformers' default for Llama is 10,000.</summary>
    public double RopeTheta { get; init; } = 10_000;

    /// <summary>Scaling of rotary frequencies for long contexts.</summary>
    public RopeScaling RopeScaling { get; init; } = RopeScaling.None;

    /// <summary>Whether the LM head is the embedding matrix.</summary>
    public bool TiedHead { get; init; }

    /// <summary>The architecture of this shape.</summary>
    public ModelArchitecture ToArchitecture()
    {
        var norm = new NormLayout(NormKind.Rms, NormEpsilon);
        return new ModelArchitecture
        {
            Family = "llama",
            HiddenSize = HiddenSize,
            ContextLength = ContextLength,
            Embedding = new EmbeddingLayout(VocabularySize, HiddenSize),
            Head = new HeadLayout(norm, TiedHead),
            Stack = LayerSequence.Repeat(
                new LayerLayout
                {
                    Attention = new AttentionLayout
                    {
                        Heads = Heads,
                        KvHeads = KvHeads,
                        HeadDim = HeadDim,
                        Scale = (float)(1 / Math.Sqrt(HeadDim)),
                        Rotary = new RotaryLayout(RopeTheta, HeadDim, RopeScaling),
                    },
                    FeedForward = new FeedForwardLayout(FeedForwardSize, Activation.Silu),
                    Norm = norm,
                },
                Layers),
        };
    }
}
