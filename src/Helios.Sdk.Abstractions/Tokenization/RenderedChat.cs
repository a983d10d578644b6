using System.Collections.Immutable;
using System.Globalization;
using System.Text;

namespace Helios.Sdk.Tokenization;

/// <summary>A conversation as the text of a prompt.</summary>
/// <param name="Text">The text.</param>
/// <param name="Verbatim">
/// Parts of it that the caller wrote, ascending, not adjacent: <see cref="ITokenizer.Encode(string, IReadOnlyList{TextSpan}, bool)"/>
/// recognises no special tokens in them.
/// </param>
/// <remarks><see cref="ToString"/> prints only the length of the text, so it is safe for logs.</remarks>
public sealed record RenderedChat(string Text, ImmutableArray<TextSpan> Verbatim)
{
    private bool PrintMembers(StringBuilder builder)
    {
        builder.Append(CultureInfo.InvariantCulture, $"Text = {Text.Length} characters, Verbatim = {Verbatim.Length} parts");
        return true;
    }
}
