using Helios.Sdk.Models;

namespace Helios.Backends.Testing.Support;

/// <summary>Models of shapes that differ in what a backend may get wrong.</summary>
internal static class Checkpoints
{
    /// <summary>A text that is in the vocabulary of all of them.</summary>
    public static readonly int[] Text = [.. Enumerable.Range(0, 53).Select(i => (i * 37 + 11) % 105)];

    private static NormLayout Layer { get; } = new(NormKind.Layer, 1e-5f, HasBias: true);

    public static Dictionary<string, Func<MemoryCheckpoint>> Named { get; } = new(StringComparer.Ordinal)
    {
        ["odd shapes, tied, f32"] = () => new(MemoryCheckpoint.Architecture()),
        ["untied, bf16"] = () => new(MemoryCheckpoint.Architecture(tied: false), TensorType.BF16),
        ["odd hidden, f16, untied"] = () => new(MemoryCheckpoint.Architecture(hidden: 37, tied: false), TensorType.F16),
        ["one head for all, own exits"] = () => new(
            MemoryCheckpoint.Architecture(heads: 6, kvHeads: 1, headDim: 16), TensorType.BF16, 3,
            new ModelExit(1, OwnNorm: true, OwnHead: true), new ModelExit(2, OwnNorm: true), new ModelExit(3)),
        ["as many kv heads, linear scaling"] = () => new(
            MemoryCheckpoint.Architecture(heads: 3, kvHeads: 3, headDim: 64, scaling: new LinearRopeScaling(4)), TensorType.BF16),
        ["llama 3 scaling, wide"] = () => new(
            MemoryCheckpoint.Architecture(hidden: 512, heads: 8, kvHeads: 2, headDim: 64, feedForward: 333, vocabulary: 1003, layers: 2, scaling: new Llama3RopeScaling(8, 1, 4, 32)),
            TensorType.BF16),
        ["scaling by the length of the sequence"] = () => new(MemoryCheckpoint.Architecture(scaling: new DynamicRopeScaling(2, 24))),
        ["layer norms, biases, learned positions, no gate, relu"] = () => Of(OptLike()),
        ["sums normed, a narrower embedding, no final norm"] = () => Of(OptLike(narrow: true)),
        ["both branches on one input, a part of each head turns"] = () => Of(NeoXLike()),
        ["norms on outputs and over whole projections"] = () => Of(With(layer => layer with
        {
            NormPosition = NormPosition.After,
            Attention = layer.Attention with { QueryKeyNorm = layer.Norm, NormsWholeProjection = true },
        })),
        ["norms around, soft-caps, windows on some layers, multipliers"] = () => Of(GemmaLike()),
        ["an attention scale of its own"] = () => Of(With(layer => layer with { Attention = layer.Attention with { Scale = 0.21875f } })),
        ["experts"] = () => Of(With(layer => layer with
        {
            Attention = layer.Attention with { QueryKeyNorm = layer.Norm },
            FeedForward = new FeedForwardLayout(22, Activation.Silu) { Experts = new ExpertsLayout(5, 2, Normalizes: true) },
        })),
        ["experts that are not normed, layers of several kinds"] = () => Of(Mixed()),
        [OwnTransforms] = () => new(
            WithTransforms(MemoryCheckpoint.Architecture(tied: false), new ExitMap(HasBias: true), layer => new(layer.FeedForward with { Size = 131 }, layer.Norm)), TensorType.BF16, 3,
            new ModelExit(1), new ModelExit(2, OwnNorm: true, OwnHead: true)),
        ["exits with a map and a network, layer norms"] = () => new(
            WithTransforms(OptLike(), new ExitMap(HasBias: false), layer => new(layer.FeedForward with { Size = 33 }, layer.Norm)), TensorType.F32, 4,
            new ModelExit(1, OwnNorm: true), new ModelExit(2)),
        ["an exit with a map behind norms with an offset"] = () => new(
            WithTransforms(GemmaLike(), new ExitMap(HasBias: true), layer => new(layer.FeedForward with { IsGated = false }, layer.Norm)), TensorType.F16, 5,
            new ModelExit(1), new ModelExit(2)),
    };

    /// <summary>Of <see cref="Named"/> the Llama with a map at its first exit and a network at its second.</summary>
    public const string OwnTransforms = "exits with a map and a network";

    private static ModelArchitecture WithTransforms(ModelArchitecture plain, ExitMap first, Func<LayerLayout, ExitFeedForward> second) => plain with
    {
        Stack = new LayerSequence(plain.Stack.Select((layer, i) => layer with { ExitTransform = i switch { 0 => first, 1 => second(layer), _ => null } })),
    };

    private static MemoryCheckpoint Of(ModelArchitecture architecture) => new(architecture);

    private static ModelArchitecture With(Func<LayerLayout, LayerLayout> change)
    {
        var plain = MemoryCheckpoint.Architecture(context: 512);
        return plain with { Stack = plain.Stack.Select(change) };
    }

    private static ModelArchitecture OptLike(bool narrow = false)
    {
        var plain = With(layer => layer with
        {
            Norm = Layer,
            NormPosition = narrow ? NormPosition.AfterResidual : NormPosition.Before,
            Attention = layer.Attention with { Rotary = null, HasBias = true, HasOutputBias = true },
            FeedForward = layer.FeedForward with { IsGated = false, HasBias = true, Activation = Activation.Relu },
        });
        return plain with
        {
            Embedding = new EmbeddingLayout(plain.VocabularySize, narrow ? 20 : plain.HiddenSize) { Positions = new PositionLayout(plain.ContextLength + 2, 2) },
            Head = new HeadLayout(narrow ? null : Layer, IsTied: true),
        };
    }

    private static ModelArchitecture NeoXLike()
    {
        var plain = With(layer => layer with
        {
            IsParallel = true,
            Norm = Layer,
            Attention = layer.Attention with { Rotary = layer.Attention.Rotary! with { Dimensions = 4 }, HasBias = true, HasOutputBias = true },
            FeedForward = layer.FeedForward with { IsGated = false, HasBias = true, Activation = Activation.Gelu },
        });
        return plain with { Head = new HeadLayout(Layer, IsTied: false) };
    }

    private static ModelArchitecture GemmaLike()
    {
        var norm = new NormLayout(NormKind.RmsOffset, 1e-6f);
        var plain = With(layer => layer with
        {
            Norm = norm,
            NormPosition = NormPosition.Around,
            ResidualScale = 0.75f,
            Attention = layer.Attention with { SoftCap = 3, Scale = 0.4f, QueryKeyNorm = norm },
            FeedForward = layer.FeedForward with { Activation = Activation.GeluTanh },
        });
        return plain with
        {
            Embedding = plain.Embedding with { Scale = 6.5f },
            Head = new HeadLayout(norm, IsTied: true) { Scale = 0.5f, SoftCap = 4 },
            Stack = new LayerSequence(plain.Stack.Select((layer, i) => i % 2 == 0 ? layer with { Attention = layer.Attention with { Window = 7 } } : layer)),
        };
    }

    private static ModelArchitecture Mixed()
    {
        var plain = With(layer => layer);
        return plain with
        {
            Head = new HeadLayout(plain.Head.Norm, IsTied: false) { HasBias = true },
            Stack = new LayerSequence(plain.Stack.Select((layer, i) => i switch
            {
                0 => layer with { Attention = layer.Attention with { Window = 70 } },
                1 => layer with { FeedForward = new FeedForwardLayout(17, Activation.Silu) { Experts = new ExpertsLayout(7, 3, Normalizes: false) } },
                _ => layer with { Attention = layer.Attention with { Heads = 2, Rotary = new RotaryLayout(500, 8, new YarnRopeScaling(4, 32)) } },
            })),
        };
    }
}
