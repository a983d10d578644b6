using Helios.Sdk.Models;

namespace Helios.Sdk.Checkpoints.Gguf;

/// <summary>Scaling of rotary frequencies as <c>rope_scaling</c> of a <c>config.json</c> has it.</summary>
/// <param name="Type">Its <c>rope_type</c>.</param>
/// <param name="Values">Numbers beside it, by name.</param>
internal sealed record GgufRotary(string Type, IReadOnlyList<KeyValuePair<string, double>> Values)
{
    /// <summary>Lists of numbers beside it, by name.</summary>
    public IReadOnlyList<KeyValuePair<string, float[]>> Lists { get; init; } = [];

    /// <summary>The models of the Llama 3 rule that are published: their factors; the other numbers are the same for all.</summary>
    private static readonly double[] Llama3Factors = [8, 32];

    /// <summary>Reads the scaling; null for none.</summary>
    /// <param name="metadata">The metadata.</param>
    /// <param name="architecture">The architecture, as the file names it.</param>
    /// <param name="theta">Rotary base.</param>
    /// <param name="headDim">Width of a head.</param>
    /// <param name="factors">What frequencies are divided by, from tensors that some files have.</param>
    /// <exception cref="CheckpointException">The rule is not known.</exception>
    public static GgufRotary? Scaling(GgufMetadata metadata, string architecture, double theta, int headDim, GgufRotaryFactors factors)
    {
        if (factors.Always is { } always && Llama3(theta, headDim, always) is { } rule) return rule;
        if ((factors.Always ?? factors.Short) is { } near && (factors.Always ?? factors.Long) is { } far) return OfFactors(metadata, architecture, near, far);
        var key = $"{architecture}.rope.scaling";
        var linear = metadata.Number($"{architecture}.rope.scale_linear");
        switch (metadata.Text($"{key}.type") ?? (linear is null ? "none" : "linear"))
        {
            case "none":
                return null;
            case "linear":
                return new GgufRotary("linear", [new("factor", metadata.Number($"{key}.factor") ?? linear ?? 1)]);
            case "yarn":
                return new GgufRotary("yarn", [
                    new("factor", metadata.Number($"{key}.factor") ?? 1),
                    new("original_max_position_embeddings", metadata.Size($"{key}.original_context_length")),
                ]);
            case var other:
                throw CheckpointError.Field(metadata.Path, $"{key}.type", $"\"{other}\"", "none, linear or yarn");
        }
    }

    /// <summary>Files of Llama 3.1 and later hold the factors that its rule gives, and not the rule; null where they are others.</summary>
    private static GgufRotary? Llama3(double theta, int headDim, float[] factors)
    {
        const double Low = 1, High = 4;
        const int Original = 8192;
        var plain = RopeScaling.None.InverseFrequencies(headDim, theta, 1);
        foreach (var factor in Llama3Factors)
        {
            var scaled = new Llama3RopeScaling(factor, Low, High, Original).InverseFrequencies(headDim, theta, 1);
            if (factors.Length == plain.Length && Enumerable.Range(0, plain.Length).All(i => Math.Abs(plain[i] / scaled[i] - factors[i]) <= 1e-4 * factors[i]))
                return new GgufRotary("llama3", [new("factor", factor), new("low_freq_factor", Low), new("high_freq_factor", High), new("original_max_position_embeddings", Original)]);
        }

        return null;
    }

    private static GgufRotary OfFactors(GgufMetadata metadata, string architecture, float[] near, float[] far)
    {
        var original = metadata.Whole($"{architecture}.rope.scaling.original_context_length", 1, int.MaxValue) ?? metadata.Size($"{architecture}.context_length");
        return new GgufRotary("longrope", [
            new("original_max_position_embeddings", original),
            new("attention_factor", metadata.Number($"{architecture}.rope.scaling.attn_factor") ?? 1),
        ])
        {
            Lists = [new("short_factor", near), new("long_factor", far)],
        };
    }
}

/// <summary>What rotary frequencies are divided by, as tensors of a file hold it.</summary>
/// <param name="Always">At every length; null without it.</param>
/// <param name="Short">Within the original context; null without it.</param>
/// <param name="Long">Beyond it; null without it.</param>
internal readonly record struct GgufRotaryFactors(float[]? Always, float[]? Short, float[]? Long);
