using Helios.Sdk.Models;

namespace Helios.Sdk.Checkpoints.Families;

/// <summary>Gemma 2: norms of 1 + w around both branches, scaled embeddings, soft-caps, and a window on every other layer.</summary>
internal class Gemma2Family : LlamaFamily
{
    public override string ModelType => "gemma2";

    public override ModelArchitecture Read(JsonField config)
    {
        var read = ReadGemma(config, context: 8192, defaultCap: (Attention: 50, Logits: 30));
        return WithWindows(read, config, config.Size("sliding_window", 4096), layer => layer % 2 == 0);
    }

    public override string Module(TensorRole role) => role switch
    {
        TensorRole.AttentionPostNorm => "post_attention_layernorm",
        TensorRole.FeedForwardNorm => "pre_feedforward_layernorm",
        TensorRole.FeedForwardPostNorm => "post_feedforward_layernorm",
        _ => base.Module(role),
    };

    /// <summary>What the Gemmas have in common.</summary>
    /// <param name="config">The config.</param>
    /// <param name="context">Positions where none are given.</param>
    /// <param name="defaultCap">Soft-caps where none are given; null for none.</param>
    protected ModelArchitecture ReadGemma(JsonField config, int context, (float? Attention, float? Logits) defaultCap)
    {
        config.RequireOff("use_bidirectional_attention");
        var heads = config.Heads(config.Size("hidden_size"), kvFallback: 4, dimFallback: 256);
        var scale = (float)(1 / Math.Sqrt(config.Positive("query_pre_attn_scalar", 256)));
        var read = Read(config, heads with { Scale = scale, SoftCap = Cap(config, "attn_logit_softcapping", defaultCap.Attention) }, context);
        var norm = new NormLayout(NormKind.RmsOffset, read.Stack[0].Norm.Epsilon);
        var activation = config.Activation(config.TryGet("hidden_activation", out _) ? "hidden_activation" : "hidden_act", "gelu_pytorch_tanh");
        return read with
        {
            Embedding = read.Embedding with { Scale = (float)Math.Sqrt(read.HiddenSize) },
            Head = new HeadLayout(norm, config.Flag("tie_word_embeddings", fallback: true)) { SoftCap = Cap(config, "final_logit_softcapping", defaultCap.Logits) },
            Stack = read.Stack.Select(layer => layer with { Norm = norm, NormPosition = NormPosition.Around, FeedForward = layer.FeedForward with { Activation = activation } }),
        };
    }

    private static float? Cap(JsonField config, string name, float? fallback) => config.HasKey(name) ? config.PositiveOrNull(name) : fallback;
}
