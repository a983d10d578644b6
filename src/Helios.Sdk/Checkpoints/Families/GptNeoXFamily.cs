using Helios.Sdk.Models;

namespace Helios.Sdk.Checkpoints.Families;

/// <summary>GPT-NeoX and Pythia: layer norms, both branches on one input, a part of each head turns, and query, key and value head by head in one tensor.</summary>
internal sealed class GptNeoXFamily : Family
{
    public override string ModelType => "gpt_neox";

    public override IReadOnlyList<string> Prefixes => ["gpt_neox.", ""];

    public override string Head => "embed_out";

    public override ModelArchitecture Read(JsonField config)
    {
        var hidden = config.Size("hidden_size");
        var heads = config.Size("num_attention_heads");
        var context = config.Context(2048);
        var attention = ConfigFields.AttentionOf(config, hidden, (heads, "num_attention_heads"), heads);
        var rotary = RopeReader.Read(config, attention.HeadDim, context, defaultFraction: 0.25);
        var bias = config.Flag("attention_bias", fallback: true);
        var norm = new NormLayout(NormKind.Layer, config.Epsilon("layer_norm_eps", 1e-5), HasBias: true);
        return new ModelArchitecture
        {
            Family = ModelType,
            HiddenSize = hidden,
            ContextLength = RopeReader.ContextOf(rotary, context),
            Embedding = new EmbeddingLayout(config.Size("vocab_size"), hidden),
            Head = new HeadLayout(norm, config.Flag("tie_word_embeddings", fallback: false)),
            Stack = LayerSequence.Repeat(
                new LayerLayout
                {
                    Attention = attention with { Rotary = rotary, HasBias = bias, HasOutputBias = bias },
                    FeedForward = new FeedForwardLayout(config.Size("intermediate_size"), config.Activation("hidden_act", "gelu")) { IsGated = false, HasBias = true },
                    Norm = norm,
                    IsParallel = config.Flag("use_parallel_residual", fallback: true),
                },
                config.Layers()),
        };
    }

    public override string Module(TensorRole role) => role switch
    {
        TensorRole.Embedding => "embed_in",
        TensorRole.FinalNorm => "final_layer_norm",
        TensorRole.Query or TensorRole.Key or TensorRole.Value => "attention.query_key_value",
        TensorRole.AttentionOutput => "attention.dense",
        TensorRole.Up => "mlp.dense_h_to_4h",
        TensorRole.Down => "mlp.dense_4h_to_h",
        _ => base.Module(role),
    };

    public override TensorSource Locate(TensorSpec spec, ModelArchitecture architecture)
    {
        var source = base.Locate(spec, architecture);
        var third = PlaceInQueryKeyValue(spec.Key.Role);
        if (third < 0) return source;
        var a = architecture.Stack[spec.Key.Layer].Attention;
        return source with { Rows = RowMap.OfHeads(third * a.HeadDim, a.Heads, a.HeadDim, checked(3 * a.HeadDim)) };
    }
}
