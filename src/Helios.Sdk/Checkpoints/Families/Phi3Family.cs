using Helios.Sdk.Models;

namespace Helios.Sdk.Checkpoints.Families;

/// <summary>Phi 3, 3.5 and 4-mini: Llama whose files hold query, key and value in one tensor, and gate and up in another.</summary>
internal sealed class Phi3Family : LlamaFamily
{
    public override string ModelType => "phi3";

    public override ModelArchitecture Read(JsonField config)
    {
        config.RequireOff("attention_bias");
        var read = Read(config, config.Heads(config.Size("hidden_size")), context: 4096, epsilon: 1e-5);
        int? window = config.TryGet("sliding_window", out _) ? config.Size("sliding_window") : null;
        return WithWindows(read, config, window, _ => window is not null);
    }

    public override TensorSource Locate(TensorSpec spec, ModelArchitecture architecture)
    {
        var key = spec.Key;
        if (key.Layer < 0) return base.Locate(spec, architecture);
        var layer = architecture.Stack[key.Layer];
        var (queries, keys, size) = (layer.Attention.QuerySize, layer.Attention.KvSize, layer.FeedForward.Size);
        return key.Role switch
        {
            TensorRole.Query => Fused("self_attn.qkv_proj", 0, queries, queries + 2 * keys),
            TensorRole.Key => Fused("self_attn.qkv_proj", queries, keys, queries + 2 * keys),
            TensorRole.Value => Fused("self_attn.qkv_proj", queries + keys, keys, queries + 2 * keys),
            TensorRole.Gate => Fused("mlp.gate_up_proj", 0, size, 2 * size),
            TensorRole.Up => Fused("mlp.gate_up_proj", size, size, 2 * size),
            _ => base.Locate(spec, architecture),
        };

        TensorSource Fused(string module, int start, int rows, int all) => new(Invariant($"{Layers}{key.Layer}.{module}.weight"), RowMap.Slice(start, rows, all));
    }
}
