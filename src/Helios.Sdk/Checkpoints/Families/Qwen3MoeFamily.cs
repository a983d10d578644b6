using Helios.Sdk.Models;

namespace Helios.Sdk.Checkpoints.Families;

/// <summary>Qwen 3 with experts: most layers, or all, have a router and experts in place of one feed-forward part.</summary>
internal sealed class Qwen3MoeFamily : Qwen3Family
{
    public override string ModelType => "qwen3_moe";

    public override ModelArchitecture Read(JsonField config)
    {
        var read = ReadFull(config, headDim: null);
        if (config.Flag("use_sliding_window", fallback: false))
        {
            var window = config.Size("sliding_window", 4096);
            read = read with { Stack = read.Stack.Select(layer => layer.WithWindow(window)) };
        }

        var count = config.Size(config.TryGet("num_experts", out _) ? "num_experts" : "num_local_experts", 128);
        var active = config.Int("num_experts_per_tok", 1, count, Math.Min(8, count));
        var experts = new ExpertsLayout(count, active, config.Flag("norm_topk_prob", fallback: false));
        var step = config.Size("decoder_sparse_step", 1);
        var dense = config.TryGet("mlp_only_layers", out var list) ? list.Items("a list of layers").Select(item => item.AsInt(0, int.MaxValue)).ToHashSet() : [];
        var plain = read.Stack[0];
        var feedForward = new FeedForwardLayout(config.Size("moe_intermediate_size"), plain.FeedForward.Activation) { Experts = experts };
        var sparse = Enumerable.Range(0, read.Layers).Select(layer => !dense.Contains(layer) && (layer + 1) % step == 0);
        return read with { Stack = ConfigFields.Stack(sparse, plain, plain with { FeedForward = feedForward }) };
    }
}
