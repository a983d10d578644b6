using System.Collections.Immutable;
using Helios.Sdk.Checkpoints.Families;
using Helios.Sdk.Models;

namespace Helios.Sdk.Checkpoints.Opening;

/// <summary>
/// Reads <c>config.json</c>: finds the family by <c>model_type</c>, within a config of several models that of the text, and refuses what
/// would be computed wrongly.
/// </summary>
internal static class ConfigReader
{
    // Ends of the names of classes that turn the residual stream into logits of the next token.
    private static readonly string[] LanguageModels = ["ForCausalLM", "LMHeadModel", "ForConditionalGeneration"];

    /// <summary>Reads the family and the architecture.</summary>
    public static ReadConfig Read(JsonField config)
    {
        RefuseQuantization(config);
        var type = config.Required("model_type", Supported()).AsText();
        var (text, remark) = (config, (string?)null);
        if (FamilyTable.Find(type) is null && config.TryGet("text_config", out var inner))
        {
            text = inner.AsObject();
            var innerType = text.Required("model_type", Supported()).AsText();
            remark = $"{CheckpointError.Show(type)} is served as text alone, by its text model of type {CheckpointError.Show(innerType)}: images and sounds are not read";
            type = innerType;
        }

        var family = FamilyTable.Find(type) ?? throw Unsupported(config, text["model_type"]);
        RequireLanguageModel(config);
        return new ReadConfig(family, family.Read(text), remark);
    }

    /// <summary>Reads <c>eos_token_id</c>: an id, a list of them, or null for none.</summary>
    public static ImmutableArray<int> ReadEndOfSequence(JsonField config, int vocabulary)
    {
        if (!config.TryGet("eos_token_id", out var field)) return [];
        if (!field.IsArray) return [field.AsInt(0, vocabulary - 1)];
        return [.. field.Items("a list of ids").Select(id => id.AsInt(0, vocabulary - 1)).Distinct()];
    }

    private static string Supported() => string.Join(", ", FamilyTable.Names);

    private static CheckpointException Unsupported(JsonField config, JsonField type)
    {
        const string Names = "a list of names";
        var names = config.TryGet("architectures", out var list) && list.IsArray ? [.. list.Items(Names).Select(name => name.AsText())] : Array.Empty<string>();
        var found = $"\"{CheckpointError.Show(type.AsText())}\"{(names.Length == 0 ? "" : $" ({CheckpointError.Show(string.Join(", ", names))})")}";
        return type.Bad($"{found}, an architecture that is not supported", $"one of {Supported()}");
    }

    private static void RefuseQuantization(JsonField config)
    {
        const string Plain = "none: weights in F32, F16 or BF16 are read, and the engine can quantise them while loading";
        if (config.TryGet("quantization_config", out var field))
        {
            var method = field.IsObject ? field.Text("quant_method") ?? (field.TryGet("bits", out _) || field.HasKey("load_in_4bit") ? "bitsandbytes" : null) : null;
            throw field.Bad(method is null ? "an object" : $"of method \"{CheckpointError.Show(method)}\"", Plain);
        }

        if (config.TryGet("quantization", out var mlx) && mlx.IsObject && mlx.HasKey("group_size")) throw mlx.Bad("the quantization of an MLX checkpoint", Plain);
    }

    /// <summary>A classifier of the same model type has other heads, which a tied embedding would quietly stand in for.</summary>
    private static void RequireLanguageModel(JsonField config)
    {
        const string Expected = "a list with a language model, whose name ends in ForCausalLM or LMHeadModel";
        if (!config.TryGet("architectures", out var architectures) || architectures.ArrayLength(Expected) == 0) return;
        if (!architectures.Items(Expected).Any(name => LanguageModels.Any(end => name.AsText().EndsWith(end, StringComparison.Ordinal))))
            throw architectures.Bad(Expected);
    }
}

/// <summary>What a config says.</summary>
/// <param name="Family">The family, which names tensors.</param>
/// <param name="Architecture">The architecture.</param>
/// <param name="Remark">What a user should know; null if there is nothing.</param>
internal sealed record ReadConfig(Family Family, ModelArchitecture Architecture, string? Remark);
