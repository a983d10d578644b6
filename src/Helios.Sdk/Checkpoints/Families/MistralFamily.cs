using Helios.Sdk.Models;

namespace Helios.Sdk.Checkpoints.Families;

/// <summary>Mistral: Llama with a window on every layer, unless it is null.</summary>
internal sealed class MistralFamily : LlamaFamily
{
    public override string ModelType => "mistral";

    public override ModelArchitecture Read(JsonField config)
    {
        int? window = config.HasKey("sliding_window") ? config.TryGet("sliding_window", out _) ? config.Size("sliding_window") : null : 4096;
        return WithWindows(Read(config, config.Heads(config.Size("hidden_size"), kvFallback: 8), context: 131_072), config, window, _ => window is not null);
    }
}
