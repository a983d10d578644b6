using System.Text;
using Helios.Sdk.Checkpoints;
using Helios.Sdk.Tokenization.SpecialTokens;

namespace Helios.Sdk.Tokenization.ChatTemplates;

/// <summary>What a model's files say of conversations.</summary>
/// <param name="Template">The template, and the place it was found at; null without one.</param>
/// <param name="ToolTemplate">The one for conversations with tools, likewise; null where the other is for both.</param>
/// <param name="Tokens">Its special tokens.</param>
internal sealed record ChatTemplateFiles((string Source, string Place)? Template, (string Source, string Place)? ToolTemplate, SpecialTokenFiles Tokens)
{
    /// <summary>Where a template may stand, for messages.</summary>
    public const string Places = "chat_template.jinja, or chat_template of tokenizer_config.json";

    private const string TemplateName = "chat_template.jinja";
    private const string TemplateField = "chat_template";
    private const string DefaultTemplate = "default";
    private const string ToolUseTemplate = "tool_use";

    /// <summary>UTF-8 bytes of a template of the greatest length that is parsed.</summary>
    private const int LongestTemplate = 1 << 20;

    /// <summary>Reads the files of a model; <c>chat_template.jinja</c> goes before <c>tokenizer_config.json</c>, as in transformers.</summary>
    /// <exception cref="CheckpointException">A file cannot be read, or is not of the form expected.</exception>
    public static ChatTemplateFiles Read(ModelFiles files)
    {
        var tokens = SpecialTokenFiles.Read(files);
        if (files.Has(TemplateName)) return new ChatTemplateFiles((ToText(files.PathOf(TemplateName), files.Read(TemplateName, LongestTemplate)), files.PathOf(TemplateName)), null, tokens);
        if (!files.Has(SpecialTokenFiles.ConfigName)) return new ChatTemplateFiles(null, null, tokens);
        var (template, forTools) = JsonFile.Parse(files.PathOf(SpecialTokenFiles.ConfigName), files.Read(SpecialTokenFiles.ConfigName), ReadTemplates);
        return new ChatTemplateFiles(template, forTools, tokens);
    }

    /// <summary>Reads a template that stands in a file of its own.</summary>
    /// <exception cref="CheckpointException">It cannot be read, or is no text.</exception>
    public static string ReadText(string path) => ToText(path, CheckpointFile.ReadAll(path, LongestTemplate));

    private static string ToText(string path, byte[] utf8)
    {
        try
        {
            return new UTF8Encoding(false, throwOnInvalidBytes: true).GetString(JsonText.WithoutMark(utf8.AsSpan()));
        }
        catch (DecoderFallbackException e)
        {
            throw CheckpointError.File(path, "holds text that is not valid UTF-8", e);
        }
    }

    private static ((string, string)? Template, (string, string)? ForTools) ReadTemplates(JsonField root)
    {
        if (!root.TryGet(TemplateField, out var field)) return (null, null);
        if (!field.IsArray) return ((field.AsText(), $"{root.File}: {TemplateField}"), null);
        (string, string)? chosen = null, forTools = null;
        foreach (var item in field.Items("a string, or a list of templates"))
        {
            var entry = item.AsObject();
            var name = entry.Required("name", "a string").AsText();
            var source = entry.Required("template", "a string");
            if (name == DefaultTemplate) chosen = (source.AsText(), $"{root.File}: {source.Path}");
            if (name == ToolUseTemplate) forTools = (source.AsText(), $"{root.File}: {source.Path}");
        }

        return (chosen, forTools);
    }
}
