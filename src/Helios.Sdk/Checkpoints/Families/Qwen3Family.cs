using Helios.Sdk.Models;

namespace Helios.Sdk.Checkpoints.Families;

/// <summary>Qwen 3: Llama with a norm on each head of queries and keys.</summary>
internal class Qwen3Family : LlamaFamily
{
    public override string ModelType => "qwen3";

    public override ModelArchitecture Read(JsonField config) => WithOptionalWindows(ReadFull(config, headDim: 128), config);

    /// <summary>The architecture without windows.</summary>
    /// <param name="config">The config.</param>
    /// <param name="headDim">Width of a head where none is given; hidden / heads if null.</param>
    protected ModelArchitecture ReadFull(JsonField config, int? headDim)
    {
        var read = Read(config, config.Heads(config.Size("hidden_size"), dimFallback: headDim), context: 32_768);
        return read with { Stack = read.Stack.Select(layer => layer with { Attention = layer.Attention with { QueryKeyNorm = layer.Norm } }) };
    }
}
