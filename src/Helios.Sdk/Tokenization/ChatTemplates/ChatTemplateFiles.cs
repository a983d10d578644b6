using System.Collections.Immutable;
using System.Text;
using Helios.Sdk.Checkpoints;

namespace Helios.Sdk.Tokenization.ChatTemplates;

/// <summary>What a model's folder says of conversations.</summary>
/// <param name="Template">The template, and the place it was found at; null without one.</param>
/// <param name="SpecialTokens">Special tokens by the name that templates know them by.</param>
internal sealed record ChatTemplateFiles((string Source, string Place)? Template, ImmutableDictionary<string, string> SpecialTokens)
{
    /// <summary>Where a template may stand, for messages.</summary>
    public const string Places = "chat_template.jinja, or chat_template of tokenizer_config.json";

    private const string ConfigName = "tokenizer_config.json";
    private const string TemplateName = "chat_template.jinja";
    private const string TemplateField = "chat_template";
    private const string DefaultTemplate = "default";
    private const int LongestToken = 1024;

    /// <summary>UTF-8 bytes of a template of the greatest length that is parsed.</summary>
    private const int LongestTemplate = 1 << 20;

    private static readonly string[] TokenNames = ["bos_token", "eos_token", "unk_token", "pad_token", "sep_token", "cls_token", "mask_token"];

    /// <summary>Reads the files of a folder that has them; <c>chat_template.jinja</c> goes before <c>tokenizer_config.json</c>, as in transformers.</summary>
    /// <exception cref="CheckpointException">A file cannot be read, or is not of the form expected.</exception>
    public static ChatTemplateFiles Read(string folder)
    {
        var configPath = Path.Combine(folder, ConfigName);
        var config = File.Exists(configPath)
            ? JsonFile.Parse(configPath, CheckpointFile.ReadAll(configPath), root => new ChatTemplateFiles(ReadTemplate(root), ReadTokens(root)))
            : new ChatTemplateFiles(null, ImmutableDictionary<string, string>.Empty);
        var templatePath = Path.Combine(folder, TemplateName);
        return File.Exists(templatePath) ? config with { Template = (ReadText(templatePath), templatePath) } : config;
    }

    private static string ReadText(string path)
    {
        try
        {
            var bytes = CheckpointFile.ReadAll(path, LongestTemplate).AsSpan();
            return new UTF8Encoding(false, throwOnInvalidBytes: true).GetString(bytes.StartsWith("\uFEFF"u8) ? bytes[3..] : bytes);
        }
        catch (DecoderFallbackException e)
        {
            throw CheckpointError.File(path, "holds text that is not valid UTF-8", e);
        }
    }

    private static (string, string)? ReadTemplate(FieldReader root)
    {
        if (!root.TryGet(TemplateField, out var field)) return null;
        if (!field.IsArray) return (field.AsText(), $"{root.File}: {TemplateField}");
        (string, string)? chosen = null;
        foreach (var item in field.Items("a string, or a list of templates"))
        {
            var entry = item.AsObject();
            var name = entry.Required("name", "a string").AsText();
            var source = entry.Required("template", "a string");
            if (name == DefaultTemplate) chosen = (source.AsText(), $"{root.File}: {source.Path}");
        }

        return chosen;
    }

    private static ImmutableDictionary<string, string> ReadTokens(FieldReader root)
    {
        var tokens = ImmutableDictionary.CreateBuilder<string, string>(StringComparer.Ordinal);
        foreach (var name in TokenNames)
        {
            if (!root.TryGet(name, out var field)) continue;
            var token = field.IsObject ? field.Required("content", "a string").AsText() : field.AsText();
            if (token.Length > LongestToken) throw field.Fail($"at most {LongestToken} characters");
            tokens.Add(name, token);
        }

        return tokens.ToImmutable();
    }
}
