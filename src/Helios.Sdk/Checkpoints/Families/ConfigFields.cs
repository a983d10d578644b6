using Helios.Sdk.Models;

namespace Helios.Sdk.Checkpoints.Families;

/// <summary>Reads what configs of several families have in common. Fields that set tensor shapes are required; others have the defaults of transformers.</summary>
internal static class ConfigFields
{
    /// <summary>Above 2^24 a position is no longer exact in single precision.</summary>
    public const int LongestContext = 1 << 24;

    private const int MostLayers = 16_384;

    public static int Size(this JsonField config, string name, int? fallback = null) => config.Int(name, 1, int.MaxValue, fallback);

    /// <summary>Number of layers. No model has as many as are allowed, and a file that is not trusted costs no memory by the number it names.</summary>
    public static int Layers(this JsonField config, string name = "num_hidden_layers") => config.Int(name, 1, MostLayers);

    public static int Context(this JsonField config, int fallback, string name = "max_position_embeddings") => config.Int(name, 1, LongestContext, fallback);

    /// <summary>A number above 0.</summary>
    public static double Positive(this JsonField config, string name, double? fallback = null)
    {
        if (fallback is { } value && !config.TryGet(name, out _)) return value;
        var field = config.Required(name, "a number above 0");
        return field.AsNumber() is var number and > 0 && float.IsFinite((float)number) ? number : throw field.Bad("a number above 0");
    }

    /// <summary>A number above 0; null if there is none or it is null.</summary>
    public static float? PositiveOrNull(this JsonField config, string name) => config.TryGet(name, out _) ? (float)config.Positive(name) : null;

    public static float Epsilon(this JsonField config, string name, double fallback)
    {
        var epsilon = (float)config.Number(name, fallback);
        return epsilon is > 0 and < 1
            ? epsilon
            : throw CheckpointError.Field(config.File, name, Invariant($"{epsilon}"), "a number above 0 and below 1");
    }

    /// <summary>Heads, key/value heads and their width.</summary>
    /// <param name="config">The config.</param>
    /// <param name="hidden">Width of the residual stream.</param>
    /// <param name="kvFallback">Key/value heads where none are given; as many as heads if null.</param>
    /// <param name="dimFallback">Width of a head where none is given; hidden / heads if null.</param>
    public static AttentionLayout Heads(this JsonField config, int hidden, int? kvFallback = null, int? dimFallback = null)
    {
        var heads = config.Size("num_attention_heads");
        var kvHeads = config.Size("num_key_value_heads", kvFallback ?? heads);
        if (heads % kvHeads != 0)
            throw CheckpointError.Field(config.File, "num_key_value_heads", Invariant($"{kvHeads}"), Invariant($"a divisor of num_attention_heads, which is {heads}"));
        return AttentionOf(config, hidden, (heads, "num_attention_heads"), kvHeads, config.TryGet("head_dim", out _) ? config.Size("head_dim") : dimFallback);
    }

    /// <summary>Attention of so many heads, of the width hidden / heads if none is given, scaled by 1 / sqrt(width).</summary>
    public static AttentionLayout AttentionOf(JsonField config, int hidden, (int Count, string Field) heads, int kvHeads, int? given = null, string hiddenField = "hidden_size")
    {
        if (given is null && hidden % heads.Count != 0)
            throw CheckpointError.Field(config.File, hiddenField, Invariant($"{hidden}"), Invariant($"a multiple of {heads.Field}, which is {heads.Count}, or a head_dim"));
        var headDim = given ?? hidden / heads.Count;
        if (headDim % 2 != 0)
            throw CheckpointError.Field(config.File, "head_dim", Invariant($"{headDim}"), "an even number: elements of a head go in pairs");
        if ((long)heads.Count * headDim > int.MaxValue)
            throw CheckpointError.Field(config.File, "head_dim", Invariant($"{headDim}"), Invariant($"at most 2^31 - 1 elements in {heads.Count} heads"));
        return new AttentionLayout { Heads = heads.Count, KvHeads = kvHeads, HeadDim = headDim, Scale = (float)(1 / Math.Sqrt(headDim)) };
    }

    public static Activation Activation(this JsonField config, string name, string fallback)
    {
        const string Supported = "silu, gelu, gelu_new, gelu_pytorch_tanh or relu";
        var text = config.Text(name) ?? fallback;
        return text switch
        {
            "silu" or "swish" => Models.Activation.Silu,
            "gelu" => Models.Activation.Gelu,
            "gelu_new" or "gelu_pytorch_tanh" or "gelu_fast" => Models.Activation.GeluTanh,
            "relu" => Models.Activation.Relu,
            _ => throw CheckpointError.Field(config.File, name, $"\"{CheckpointError.Show(text)}\"", Supported),
        };
    }

    /// <summary>Refuses a flag that asks for another computation.</summary>
    public static void RequireOff(this JsonField config, params ReadOnlySpan<string> flags)
    {
        foreach (var flag in flags)
        {
            if (config.TryGet(flag, out var field) && field.AsFlag()) throw field.Bad("false: nothing else is supported");
        }
    }

    /// <summary>Which layers see a window: as <c>layer_types</c> says, otherwise by a rule.</summary>
    /// <param name="config">The config.</param>
    /// <param name="layers">Number of layers.</param>
    /// <param name="rule">Whether a layer has a window, where the config names no types.</param>
    public static bool[] Windowed(this JsonField config, int layers, Func<int, bool> rule)
    {
        const string Expected = "a list of \"full_attention\" or \"sliding_attention\", one for each layer";
        if (!config.TryGet("layer_types", out var types)) return [.. Enumerable.Range(0, layers).Select(rule)];
        if (types.ArrayLength(Expected) != layers) throw types.Bad(Invariant($"{types.ArrayLength(Expected)} entries"), Invariant($"{layers}, one for each layer"));
        return [.. types.Items(Expected).Select(type => type.AsText() switch
        {
            "full_attention" => false,
            "sliding_attention" => true,
            _ => throw type.Bad("\"full_attention\" or \"sliding_attention\""),
        })];
    }

    /// <summary>A stack of two kinds of layers.</summary>
    /// <param name="isSecond">By layer.</param>
    /// <param name="first">Layer where it is false.</param>
    /// <param name="second">Layer where it is true.</param>
    public static LayerSequence Stack(IEnumerable<bool> isSecond, LayerLayout first, LayerLayout second) => new(isSecond.Select(other => other ? second : first));

    public static LayerLayout WithWindow(this LayerLayout layer, int window) => layer with { Attention = layer.Attention with { Window = window } };
}
