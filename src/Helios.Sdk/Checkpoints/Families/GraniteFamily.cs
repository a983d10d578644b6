using Helios.Sdk.Models;

namespace Helios.Sdk.Checkpoints.Families;

/// <summary>Granite 3: Llama with four multipliers.</summary>
internal sealed class GraniteFamily : LlamaFamily
{
    public override string ModelType => "granite";

    public override ModelArchitecture Read(JsonField config)
    {
        var heads = config.Heads(config.Size("hidden_size")) with { Scale = (float)config.Positive("attention_multiplier", 1) };
        var read = Read(config, heads, context: 2048);
        var residual = (float)config.Positive("residual_multiplier", 1);
        return read with
        {
            Embedding = read.Embedding with { Scale = (float)config.Positive("embedding_multiplier", 1) },
            Head = read.Head with { Scale = (float)(1 / config.Positive("logits_scaling", 1)) },
            Stack = read.Stack.Select(layer => layer with { ResidualScale = residual }),
        };
    }
}
