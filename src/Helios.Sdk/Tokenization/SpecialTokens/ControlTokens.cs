using System.Text;
using Helios.Sdk.Tokenization.Bpe;

namespace Helios.Sdk.Tokenization.SpecialTokens;

/// <summary>
/// Finds the control tokens among added tokens. A flag in <c>tokenizer.json</c> alone does not suffice: published files leave it off
/// tokens that the chat template, <c>tokenizer_config.json</c> or <c>generation_config.json</c> uses to begin and end turns.
/// </summary>
/// <param name="files">What the files beside <c>tokenizer.json</c> say.</param>
/// <param name="template">The source of the chat template; empty without one.</param>
internal sealed class ControlTokens(SpecialTokenFiles files, string template)
{
    /// <summary>
    /// Elements of HTML: some vocabularies have their tags as tokens for texts that hold HTML, which users write too. Where the template
    /// writes one, it is a mark like any other.
    /// </summary>
    private static readonly HashSet<string> Elements = new(
        ["a", "b", "blockquote", "br", "caption", "code", "div", "em", "h1", "h2", "h3", "h4", "h5", "h6", "hr", "i", "img", "li", "ol", "p", "pre", "span", "strong", "sub", "sup", "table", "tbody", "td", "tfoot", "th", "thead", "tr", "u", "ul"],
        StringComparer.Ordinal);

    /// <summary>Names that control tokens have had since before there were flags.</summary>
    private static readonly HashSet<string> Classic = new(["<s>", "</s>", "<unk>", "<pad>", "<bos>", "<eos>", "<mask>"], StringComparer.Ordinal);

    /// <summary>
    /// A vocabulary whose added tokens have their flags set right, and with those that only the files beside have: added tokens, and special
    /// ones that are in the vocabulary but not among the added ones. Where the vocabulary knows a token, its id counts, as in Hugging Face.
    /// </summary>
    /// <param name="ids">The model's own tokens.</param>
    /// <param name="tokens">All tokens by id; what is added is added here too.</param>
    /// <param name="written">Added tokens of the tokenizer's own file.</param>
    /// <param name="conflict">Makes the refusal of a token whose id another one has.</param>
    public Vocabulary Complete(IReadOnlyDictionary<string, int> ids, Dictionary<int, string> tokens, IReadOnlyList<AddedToken> written, Func<AddedToken, Exception> conflict)
    {
        var marked = Mark([.. written, .. FindBeside(ids, tokens, [.. written.Select(token => token.Content)], conflict)]);
        var special = written.ToDictionary(token => token.Id, token => token.Special);
        return new Vocabulary(ids, tokens, marked) { DeclaredElsewhere = [.. marked.Where(token => !special.TryGetValue(token.Id, out var known) || known != token.Special)] };
    }

    private IEnumerable<AddedToken> FindBeside(IReadOnlyDictionary<string, int> ids, Dictionary<int, string> tokens, HashSet<string> seen, Func<AddedToken, Exception> conflict)
    {
        foreach (var token in files.Added.Where(token => token.Content.Length > 0 && seen.Add(token.Content)))
        {
            var known = token with { Id = ids.GetValueOrDefault(token.Content, token.Id) };
            if (!tokens.TryAdd(known.Id, known.Content) && tokens[known.Id] != known.Content) throw conflict(known);
            yield return known;
        }

        foreach (var content in files.Special)
        {
            if (ids.TryGetValue(content, out var id) && seen.Add(content)) yield return new AddedToken(id, content) { Special = true };
        }
    }

    private IReadOnlyList<AddedToken> Mark(IReadOnlyList<AddedToken> added)
    {
        var written = WrittenByTemplate(added);
        return [.. added.Select(token => Mark(token, written.Contains(token.Id)))];
    }

    /// <summary>Markup with a name in it, which no text is made of: a run of signs is text, and so is a tag of HTML.</summary>
    private static bool IsMark(string content) =>
        IsMarkup(content) && content.Any(char.IsLetterOrDigit) && !(content is ['<', .., '>'] && Elements.Contains(content[1..^1].Trim('/')));

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

            // <think> and <tool_call> are a part of answers, but nothing for others to write, whether or not this template writes them.
            Guarded = bars || written || IsMark(token.Content) || Classic.Contains(token.Content),
        };
    }

    /// <summary>The markup that stands in the template, and other marks with a sign at one end: <c>Human:</c>. Linear in its length.</summary>
    private HashSet<int> WrittenByTemplate(IReadOnlyList<AddedToken> added)
    {
        if (template.Length == 0) return [];
        var plain = added.Where(token => IsMarkup(token.Content) || IsLabel(token.Content)).Select(token => new AddedToken(token.Id, token.Content));
        return [.. AddedTokenMatcher.Create(plain, token => token.Content).Cut(template, VerbatimParts.None).Select(piece => piece.TokenId).OfType<int>()];
    }

    private static bool IsLabel(string content) =>
        content.Length > 2 && content.Any(char.IsLetterOrDigit) && (IsSign(content, Rune.DecodeFromUtf16) || IsSign(content, Rune.DecodeLastFromUtf16));

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
