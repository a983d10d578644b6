using Helios.Sdk.Models;

namespace Helios.Sdk.Checkpoints.Families;

/// <summary>Qwen 2 and 2.5: Llama with biases on query, key and value.</summary>
internal sealed class Qwen2Family : LlamaFamily
{
    public override string ModelType => "qwen2";

    public override ModelArchitecture Read(JsonField config)
    {
        var heads = config.Heads(config.Size("hidden_size"));
        var read = Read(config, heads, context: 32_768);
        return WithOptionalWindows(read with { Stack = read.Stack.Select(layer => layer with { Attention = layer.Attention with { HasBias = true, HasOutputBias = false } }) }, config);
    }
}
