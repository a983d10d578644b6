using System.Text;
using Helios.Sdk.Checkpoints;
using Helios.Sdk.Tokenization.SpecialTokens;

namespace Helios.Sdk.Tokenization.ChatTemplates;

/// <summary>What a model's folder says of conversations.</summary>
/// <param name="Template">The template, and the place it was found at; null without one.</param>
/// <param name="Tokens">Its special tokens.</param>
internal sealed record ChatTemplateFiles((string Source, string Place)? Template, SpecialTokenFiles Tokens)
{
    /// <summary>Where a template may stand, for messages.</summary>
    public const string Places = "chat_template.jinja, or chat_template of tokenizer_config.json";

    private const string TemplateName = "chat_template.jinja";
    private const string TemplateField = "chat_template";
    private const string DefaultTemplate = "default";

    /// <summary>UTF-8 bytes of a template of the greatest length that is parsed.</summary>
    private const int LongestTemplate = 1 << 20;

    /// <summary>Reads the files of a folder that has them; <c>chat_template.jinja</c> goes before <c>tokenizer_config.json</c>, as in transformers.</summary>
    /// <exception cref="CheckpointException">A file cannot be read, or is not of the form expected.</exception>
    public static ChatTemplateFiles Read(string folder) => new(ReadTemplate(folder), SpecialTokenFiles.Read(folder));

    private static (string, string)? ReadTemplate(string folder)
    {
        var templatePath = Path.Combine(folder, TemplateName);
        if (File.Exists(templatePath)) return (ReadText(templatePath), templatePath);
        var configPath = Path.Combine(folder, SpecialTokenFiles.ConfigName);
        return File.Exists(configPath) ? JsonFile.Parse(configPath, CheckpointFile.ReadAll(configPath), ReadTemplate) : null;
    }

    private static string ReadText(string path)
    {
        try
        {
            return new UTF8Encoding(false, throwOnInvalidBytes: true).GetString(JsonText.WithoutMark(CheckpointFile.ReadAll(path, LongestTemplate).AsSpan()));
        }
        catch (DecoderFallbackException e)
        {
            throw CheckpointError.File(path, "holds text that is not valid UTF-8", e);
        }
    }

    private static (string, string)? ReadTemplate(JsonField root)
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
}
