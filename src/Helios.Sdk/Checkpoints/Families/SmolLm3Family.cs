using Helios.Sdk.Models;

namespace Helios.Sdk.Checkpoints.Families;

/// <summary>SmolLM 3: Llama in which some layers have no rotary positions.</summary>
internal sealed class SmolLm3Family : LlamaFamily
{
    public override string ModelType => "smollm3";

    public override ModelArchitecture Read(JsonField config)
    {
        var read = WithOptionalWindows(Read(config, config.Heads(config.Size("hidden_size"), kvFallback: 4), context: 32_768, theta: 2_000_000), config);
        var turns = ReadTurns(config, read.Layers);
        return read with
        {
            Head = read.Head with { IsTied = config.Flag("tie_word_embeddings", fallback: true) },
            Stack = new LayerSequence(read.Stack.Select((layer, i) => turns[i] ? layer : layer with { Attention = layer.Attention with { Rotary = null } })),
        };
    }

    // 1 means with rotary positions, whatever the field is called.
    private static bool[] ReadTurns(JsonField config, int layers)
    {
        var expected = Invariant($"a list of {layers} numbers, 1 or 0");
        if (config.TryGet("no_rope_layers", out var list))
            return list.ArrayLength(expected) == layers ? [.. list.Items(expected).Select(item => item.AsInt(0, 1) == 1)] : throw list.Bad(expected);
        var interval = config.Size("no_rope_layer_interval", 4);
        return [.. Enumerable.Range(0, layers).Select(layer => (layer + 1) % interval != 0)];
    }
}
