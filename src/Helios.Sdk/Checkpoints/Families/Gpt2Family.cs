using Helios.Sdk.Models;

namespace Helios.Sdk.Checkpoints.Families;

/// <summary>GPT-2: learned positions, layer norms, weights stored as <c>[inputs, outputs]</c>, query, key and value in one.</summary>
internal sealed class Gpt2Family : Family
{
    public override string ModelType => "gpt2";

    public override IReadOnlyList<string> Prefixes => ["transformer.", ""];

    public override string Layers => "h.";

    public override ModelArchitecture Read(JsonField config)
    {
        config.RequireOff("add_cross_attention");
        var hidden = config.Size("n_embd");
        var heads = config.Size("n_head");
        var context = config.Context(1024, "n_positions");
        var norm = new NormLayout(NormKind.Layer, config.Epsilon("layer_norm_epsilon", 1e-5), HasBias: true);
        var attention = ConfigFields.AttentionOf(config, hidden, (heads, "n_head"), heads, hiddenField: "n_embd") with { HasBias = true, HasOutputBias = true };
        if (!config.Flag("scale_attn_weights", fallback: true)) attention = attention with { Scale = 1 };
        var byLayer = config.Flag("scale_attn_by_inverse_layer_idx", fallback: false);
        var layer = new LayerLayout
        {
            Attention = attention,
            FeedForward = new FeedForwardLayout(config.Size("n_inner", checked(4 * hidden)), config.Activation("activation_function", "gelu_new")) { IsGated = false, HasBias = true },
            Norm = norm,
        };
        var layers = config.Layers("n_layer");
        return new ModelArchitecture
        {
            Family = ModelType,
            HiddenSize = hidden,
            ContextLength = context,
            Embedding = new EmbeddingLayout(config.Size("vocab_size"), hidden) { Positions = new PositionLayout(context) },
            Head = new HeadLayout(norm, config.Flag("tie_word_embeddings", fallback: true)),
            Stack = byLayer
                ? new LayerSequence(Enumerable.Range(1, layers).Select(number => layer with { Attention = attention with { Scale = attention.Scale / number } }))
                : LayerSequence.Repeat(layer, layers),
        };
    }

    public override string Module(TensorRole role) => role switch
    {
        TensorRole.Embedding => "wte",
        TensorRole.PositionEmbedding => "wpe",
        TensorRole.FinalNorm => "ln_f",
        TensorRole.AttentionNorm => "ln_1",
        TensorRole.Query or TensorRole.Key or TensorRole.Value => "attn.c_attn",
        TensorRole.AttentionOutput => "attn.c_proj",
        TensorRole.FeedForwardNorm => "ln_2",
        TensorRole.Up => "mlp.c_fc",
        TensorRole.Down => "mlp.c_proj",
        _ => base.Module(role),
    };

    public override TensorSource Locate(TensorSpec spec, ModelArchitecture architecture)
    {
        var source = base.Locate(spec, architecture);
        if (spec.Key.Layer < 0) return source;
        var size = architecture.HiddenSize;
        var third = PlaceInQueryKeyValue(spec.Key.Role);
        if (third >= 0) source = source with { Rows = RowMap.Slice(third * size, size, checked(3 * size)) };
        return source with { IsTransposed = !spec.Key.IsVector };
    }
}
