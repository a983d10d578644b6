using System.Collections.Immutable;
using System.Globalization;
using System.Text;

namespace Helios.Sdk.Tokenization;

/// <summary>A conversation as the text of a prompt.</summary>
/// <param name="Text">The text.</param>
/// <param name="Verbatim">
/// Parts of it that are the caller's, ascending, none touching the next: <see cref="ITokenizer.Encode(string, IReadOnlyList{TextSpan}, bool)"/>
/// takes no special token out of these.
/// </param>
/// <remarks>For logs, <see cref="ToString"/> tells how long the text is, never what it says.</remarks>
public sealed record RenderedChat(string Text, ImmutableArray<TextSpan> Verbatim)
{
    private bool PrintMembers(StringBuilder builder)
    {
        builder.Append(CultureInfo.InvariantCulture, $"Text = {Text.Length} characters, Verbatim = {Verbatim.Length} parts");
        return true;
    }
}
