using Helios.Sdk.Models;

namespace Helios.Sdk.Checkpoints.Families;

/// <summary>StarCoder 2: layer norms, biases, a feed-forward part without gate.</summary>
internal sealed class Starcoder2Family : Family
{
    public override string ModelType => "starcoder2";

    public override ModelArchitecture Read(JsonField config)
    {
        var hidden = config.Size("hidden_size");
        var positions = config.Context(4096);
        var heads = config.Heads(hidden, kvFallback: 2);
        var rotary = RopeReader.Read(config, heads.HeadDim, positions);
        var bias = config.Flag("use_bias", fallback: true);
        var norm = new NormLayout(NormKind.Layer, config.Epsilon("norm_epsilon", 1e-5), HasBias: true);
        int? window = config.TryGet("sliding_window", out _) ? config.Size("sliding_window") : null;
        return new ModelArchitecture
        {
            Family = ModelType,
            HiddenSize = hidden,
            ContextLength = RopeReader.ContextOf(rotary, positions),
            Embedding = new EmbeddingLayout(config.Size("vocab_size"), hidden),
            Head = new HeadLayout(norm, config.Flag("tie_word_embeddings", fallback: true)),
            Stack = LayerSequence.Repeat(
                new LayerLayout
                {
                    Attention = heads with { Rotary = rotary, HasBias = bias, HasOutputBias = bias, Window = window },
                    FeedForward = new FeedForwardLayout(config.Size("intermediate_size"), config.Activation("hidden_act", "gelu_pytorch_tanh")) { IsGated = false, HasBias = bias },
                    Norm = norm,
                },
                config.Layers()),
        };
    }

    public override string Module(TensorRole role) => role switch
    {
        TensorRole.Up => "mlp.c_fc",
        TensorRole.Down => "mlp.c_proj",
        _ => base.Module(role),
    };
}
