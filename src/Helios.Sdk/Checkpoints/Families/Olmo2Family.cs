using Helios.Sdk.Models;

namespace Helios.Sdk.Checkpoints.Families;

/// <summary>OLMo 2: norms on the outputs of branches, and one norm over all queries and one over all keys.</summary>
internal sealed class Olmo2Family : LlamaFamily
{
    public override string ModelType => "olmo2";

    public override ModelArchitecture Read(JsonField config)
    {
        var read = Read(config, config.Heads(config.Size("hidden_size")), context: 2048, epsilon: 1e-5);
        return read with
        {
            Stack = read.Stack.Select(layer => layer with
            {
                NormPosition = NormPosition.After,
                Attention = layer.Attention with { QueryKeyNorm = layer.Norm, NormsWholeProjection = true },
            }),
        };
    }

    public override string Module(TensorRole role) => role switch
    {
        TensorRole.AttentionPostNorm => "post_attention_layernorm",
        TensorRole.FeedForwardPostNorm => "post_feedforward_layernorm",
        _ => base.Module(role),
    };
}
