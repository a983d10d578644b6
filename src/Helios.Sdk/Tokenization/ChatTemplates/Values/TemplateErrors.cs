using System.Globalization;

namespace Helios.Sdk.Tokenization.ChatTemplates.Values;

/// <summary>Words every complaint about a template alike: whose it is, the line, the reason.</summary>
/// <param name="Template">Where the template comes from.</param>
internal sealed record TemplateErrors(string Template)
{
    public ChatTemplateException At(int line, string problem) =>
        new(string.Create(CultureInfo.InvariantCulture, $"{Template}, line {line}: {problem}."));
}
