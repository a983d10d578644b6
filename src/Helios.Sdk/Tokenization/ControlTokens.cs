using System.Text;

namespace Helios.Sdk.Tokenization;

/// <summary>
/// Finds the control tokens among added tokens. A flag in <c>tokenizer.json</c> alone does not tell: published files leave it off
/// tokens that the chat template, <c>tokenizer_config.json</c> or <c>generation_config.json</c> uses to begin and end turns.
/// </summary>
/// <param name="files">What the files beside <c>tokenizer.json</c> say.</param>
/// <param name="template">The source of the chat template; empty without one.</param>
internal sealed class ControlTokens(SpecialTokenFiles files, string template)
{
    /// <summary>Names that control tokens have had since before there were flags.</summary>
    private static readonly HashSet<string> Classic = new(["<s>", "</s>", "<unk>", "<pad>", "<bos>", "<eos>", "<mask>"], StringComparer.Ordinal);

    /// <summary>Added tokens with their flags set right.</summary>
    public IReadOnlyList<AddedToken> Mark(IReadOnlyList<AddedToken> added)
    {
        var written = WrittenByTemplate(added);
        return [.. added.Select(token => Mark(token, written.Contains(token.Id)))];
    }

    /// <summary>
    /// Whether a token looks like markup, as opposed to text that a vocabulary has as a token: runs of spaces, words.
    /// </summary>
    public static bool IsMarkup(string content) => content.Length > 2 && IsSign(content, Rune.DecodeFromUtf16) && IsSign(content, Rune.DecodeLastFromUtf16);

    private AddedToken Mark(AddedToken token, bool written)
    {
        var bars = HasBars(token.Content);
        return token with
        {
            Special = token.Special || files.Special.Contains(token.Content) || files.Ids.Contains(token.Id) || (written && bars),

            // A template writes <think> and <tool_call> too: a part of answers, but nothing for others to write.
            Guarded = bars || written || Classic.Contains(token.Content),
        };
    }

    /// <summary>The markup that stands in the template. Linear in its length.</summary>
    private HashSet<int> WrittenByTemplate(IReadOnlyList<AddedToken> added)
    {
        if (template.Length == 0) return [];
        var plain = added.Where(token => IsMarkup(token.Content)).Select(token => new AddedToken(token.Id, token.Content));
        return [.. AddedTokenMatcher.Create(plain, token => token.Content).Cut(template, VerbatimParts.None).Select(piece => piece.TokenId).OfType<int>()];
    }

    /// <summary>The spelling that models reserve for control: <c>&lt;|...|&gt;</c>, and DeepSeek's with full-width bars.</summary>
    private static bool HasBars(string content) =>
        (content.StartsWith("<|", StringComparison.Ordinal) && content.EndsWith("|>", StringComparison.Ordinal))
        || (content.StartsWith("<\uFF5C", StringComparison.Ordinal) && content.EndsWith("\uFF5C>", StringComparison.Ordinal));

    private static bool IsSign(string content, DecodeRune decode)
    {
        decode(content, out var rune, out _);
        return !Rune.IsLetterOrDigit(rune) && !Rune.IsWhiteSpace(rune);
    }

    private delegate System.Buffers.OperationStatus DecodeRune(ReadOnlySpan<char> text, out Rune rune, out int consumed);
}
