using Helios.Sdk.Models;

namespace Helios.Sdk.Checkpoints.Families;

/// <summary>Llama 1 to 3, and checkpoints that name themselves so: SmolLM 1 and 2, LayerSkip, TinyLlama.</summary>
internal class LlamaFamily : Family
{
    public override string ModelType => "llama";

    public override ModelArchitecture Read(JsonField config)
    {
        config.RequireOff("rope_interleaved");
        return Read(config, config.Heads(config.Size("hidden_size")), context: 2048);
    }

    /// <summary>Reads an architecture whose layers are all alike and like Llama's, which other families then change.</summary>
    /// <param name="config">The config.</param>
    /// <param name="heads">Heads and their width.</param>
    /// <param name="context">Positions where none are given.</param>
    /// <param name="theta">Rotary base where none is given.</param>
    /// <param name="epsilon">Epsilon where none is given.</param>
    protected ModelArchitecture Read(JsonField config, AttentionLayout heads, int context, double theta = 10_000, double epsilon = 1e-6)
    {
        var hidden = config.Size("hidden_size");
        var positions = config.Context(context);
        var rotary = ReadRotary(config, heads.HeadDim, positions, theta);
        var bias = config.Flag("attention_bias", fallback: false);
        var norm = new NormLayout(NormKind.Rms, config.Epsilon("rms_norm_eps", epsilon));
        return new ModelArchitecture
        {
            Family = ModelType,
            HiddenSize = hidden,
            ContextLength = RopeReader.ContextOf(rotary, positions),
            Embedding = new EmbeddingLayout(config.Size("vocab_size"), hidden),
            Head = new HeadLayout(norm, config.Flag("tie_word_embeddings", fallback: false)),
            Stack = LayerSequence.Repeat(
                new LayerLayout
                {
                    Attention = heads with { Rotary = rotary, HasBias = bias, HasOutputBias = bias },
                    FeedForward = new FeedForwardLayout(config.Size("intermediate_size"), config.Activation("hidden_act", "silu")) { HasBias = config.Flag("mlp_bias", fallback: false) },
                    Norm = norm,
                },
                config.Layers()),
        };
    }

    /// <summary>Rotary positions of layers without a window.</summary>
    protected virtual RotaryLayout ReadRotary(JsonField config, int headDim, int positions, double theta) => RopeReader.Read(config, headDim, positions, theta);

    /// <summary>A window on the layers that have one.</summary>
    /// <param name="architecture">The architecture without windows.</param>
    /// <param name="config">The config.</param>
    /// <param name="window">The window; null for none.</param>
    /// <param name="rule">Which layers have it, where the config does not say.</param>
    protected static ModelArchitecture WithWindows(ModelArchitecture architecture, JsonField config, int? window, Func<int, bool> rule)
    {
        var windowed = config.Windowed(architecture.Layers, rule);
        if (!windowed.Contains(true)) return architecture;
        if (window is not { } tokens) throw CheckpointError.Field(config.File, "sliding_window", "missing", "the tokens that layers of type sliding_attention see");
        var full = architecture.Stack[0];
        return architecture with { Stack = ConfigFields.Stack(windowed, full, full.WithWindow(tokens)) };
    }

    /// <summary>The window of families that turn it on by a flag, for layers from <c>max_window_layers</c> on.</summary>
    protected static ModelArchitecture WithOptionalWindows(ModelArchitecture architecture, JsonField config)
    {
        var isOn = config.Flag("use_sliding_window", fallback: false);
        var from = config.Int("max_window_layers", 0, int.MaxValue, 28);
        return WithWindows(architecture, config, isOn ? config.Size("sliding_window", 4096) : null, layer => isOn && layer >= from);
    }
}
