using Helios.Sdk.Models;

namespace Helios.Sdk.Checkpoints.Families;

/// <summary>OPT: learned positions, layer norms, ReLU. The 350M model norms sums and has a narrower embedding.</summary>
internal sealed class OptFamily : Family
{
    // It stands in no config.
    private const float Epsilon = 1e-5f;

    // Rows of the position table before position 0.
    private const int PositionOffset = 2;

    public override string ModelType => "opt";

    public override IReadOnlyList<string> Prefixes => ["model.decoder.", "decoder.", ""];

    public override ModelArchitecture Read(JsonField config)
    {
        if (config.TryGet("layer_norm_elementwise_affine", out var affine) && !affine.AsFlag()) throw affine.Bad("true: norms without weights are not supported");
        var hidden = config.Size("hidden_size");
        var context = config.Context(2048);
        var heads = config.Size("num_attention_heads");
        var bias = config.Flag("enable_bias", fallback: true);
        var isBefore = config.Flag("do_layer_norm_before", fallback: true);
        var norm = new NormLayout(NormKind.Layer, Epsilon, HasBias: true);
        var hasFinalNorm = isBefore && !config.Flag("_remove_final_layer_norm", fallback: false);
        return new ModelArchitecture
        {
            Family = ModelType,
            HiddenSize = hidden,
            ContextLength = context,
            Embedding = new EmbeddingLayout(config.Size("vocab_size"), config.Size("word_embed_proj_dim", hidden)) { Positions = new PositionLayout(context + PositionOffset, PositionOffset) },
            Head = new HeadLayout(hasFinalNorm ? norm : null, config.Flag("tie_word_embeddings", fallback: true)),
            Stack = LayerSequence.Repeat(
                new LayerLayout
                {
                    Attention = ConfigFields.AttentionOf(config, hidden, (heads, "num_attention_heads"), heads) with { HasBias = bias, HasOutputBias = bias },
                    FeedForward = new FeedForwardLayout(config.Size("ffn_dim"), config.Activation("activation_function", "relu")) { IsGated = false, HasBias = bias },
                    Norm = norm,
                    NormPosition = isBefore ? NormPosition.Before : NormPosition.AfterResidual,
                },
                config.Layers()),
        };
    }

    public override string Module(TensorRole role) => role switch
    {
        TensorRole.PositionEmbedding => "embed_positions",
        TensorRole.EmbeddingProjection => "project_in",
        TensorRole.HeadProjection => "project_out",
        TensorRole.FinalNorm => "final_layer_norm",
        TensorRole.AttentionNorm or TensorRole.AttentionPostNorm => "self_attn_layer_norm",
        TensorRole.AttentionOutput => "self_attn.out_proj",
        TensorRole.FeedForwardNorm or TensorRole.FeedForwardPostNorm => "final_layer_norm",
        TensorRole.Up => "fc1",
        TensorRole.Down => "fc2",
        _ => base.Module(role),
    };
}
