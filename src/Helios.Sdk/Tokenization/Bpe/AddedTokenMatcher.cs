using System.Buffers;
using System.Globalization;
using System.Text;

namespace Helios.Sdk.Tokenization.Bpe;

/// <summary>A piece of text: an added token, or text between added tokens.</summary>
internal readonly record struct TextPiece(int Start, int End, int? TokenId);

/// <summary>
/// Finds added tokens in text: the leftmost, and of those that start there the longest. Linear in the text: a token has
/// bounded length, and text that was matched is not looked at again.
/// </summary>
internal sealed class AddedTokenMatcher
{
    private const int Root = 0;

    private readonly Dictionary<long, int> edges = [];
    private readonly Dictionary<int, AddedToken> tokenAt = [];
    private readonly SearchValues<char> firsts;
    private readonly List<(string Content, AddedToken Token)> tokens;

    private AddedTokenMatcher(IEnumerable<(string Content, AddedToken Token)> tokens)
    {
        this.tokens = [.. tokens];
        foreach (var (content, token) in this.tokens) Add(content, token);
        firsts = SearchValues.Create([.. edges.Keys.Where(edge => edge <= char.MaxValue).Select(edge => (char)edge)]);
    }

    /// <summary>A matcher of these tokens; empty ones match nothing.</summary>
    /// <param name="tokens">The tokens.</param>
    /// <param name="content">How a token looks in the text that will be searched.</param>
    public static AddedTokenMatcher Create(IEnumerable<AddedToken> tokens, Func<AddedToken, string> content) =>
        new(tokens.Select(t => (content(t), t)).Where(t => t.Item1.Length > 0));

    /// <summary>Whether any of the tokens is guarded.</summary>
    public bool HasGuarded => tokenAt.Values.Any(token => token.Guarded);

    /// <summary>Most UTF-16 units of a token in the text that is searched, the white space that it swallows aside; 0 without tokens.</summary>
    public int Longest => tokens.Select(token => token.Content.Length).DefaultIfEmpty().Max();

    /// <summary>Whether any of the tokens swallows white space.</summary>
    public bool Strips => tokens.Any(token => token.Token.LeftStrip || token.Token.RightStrip);

    /// <summary>Whether the same tokens are found in the parts of a text that is cut before a space or line end, which stands behind neither white space nor ▁.</summary>
    /// <param name="space">The character behind the cut.</param>
    public bool CanCutBefore(char space) => tokens.TrueForAll(token =>
        !token.Token.RightStrip && !ReachesOver(token.Content, space) && !(token.Token.SingleWord && token.Content[0] == space));

    /// <summary>Cuts text into added tokens and what is between them, without empty pieces. Guarded tokens are not found where they reach into a verbatim part.</summary>
    public IEnumerable<TextPiece> Cut(string text, VerbatimParts verbatim)
    {
        var done = 0;
        var spacesEnd = 0;
        for (var at = 0; TryFind(text, verbatim, at, out var start, out var end, out var token);)
        {
            // As in Hugging Face, white space that a token swallows may still be the next token, unless that would swallow it too.
            at = end;
            if (token.SingleWord && (EndsWithWord(text.AsSpan(0, start)) || StartsWithWord(text.AsSpan(end)))) continue;
            if (token.LeftStrip) start = done < start ? done + text.AsSpan(done, start - done).TrimEnd().Length : done;
            if (token.RightStrip)
            {
                // A run of white space is looked through once, however many tokens swallow it.
                if (end >= spacesEnd) spacesEnd = text.Length - text.AsSpan(end).TrimStart().Length;
                end = spacesEnd;
            }

            if (done < start) yield return new TextPiece(done, start, null);
            if (start < end) yield return new TextPiece(start, end, token.Id);
            done = end;
        }

        if (done < text.Length) yield return new TextPiece(done, text.Length, null);
    }

    private void Add(string content, AddedToken token)
    {
        var node = Root;
        foreach (var c in content)
        {
            // Nodes are numbered as they appear; every node but the root has one edge into it.
            if (!edges.TryGetValue(Edge(node, c), out var next)) edges.Add(Edge(node, c), next = edges.Count + 1);
            node = next;
        }

        tokenAt.TryAdd(node, token);
    }

    private bool TryFind(string text, VerbatimParts verbatim, int from, out int start, out int end, out AddedToken token)
    {
        for (start = from; start < text.Length; start++)
        {
            var skipped = text.AsSpan(start).IndexOfAny(firsts);
            if (skipped < 0) break;
            start += skipped;
            if (TryLongestAt(text, verbatim, start, out end, out token)) return true;
        }

        (start, end, token) = (text.Length, text.Length, null!);
        return false;
    }

    private bool TryLongestAt(string text, VerbatimParts verbatim, int start, out int end, out AddedToken token)
    {
        (end, token) = (start, null!);
        var node = Root;
        for (var i = start; i < text.Length && edges.TryGetValue(Edge(node, text[i]), out node); i++)
        {
            if (tokenAt.TryGetValue(node, out var found) && !(found.Guarded && verbatim.Touches(start, i + 1))) (end, token) = (i + 1, found);
        }

        return end > start;
    }

    private static bool ReachesOver(string content, char space)
    {
        for (var i = 1; i < content.Length; i++)
        {
            if (content[i] == space && !char.IsWhiteSpace(content[i - 1]) && content[i - 1] != MergeTable.Space) return true;
        }

        return false;
    }

    /// <summary>Edges out of the root are the characters themselves.</summary>
    private static long Edge(int node, char next) => ((long)node << 16) | next;

    private static bool EndsWithWord(ReadOnlySpan<char> text) =>
        Rune.DecodeLastFromUtf16(text, out var rune, out _) == OperationStatus.Done && IsWord(rune);

    private static bool StartsWithWord(ReadOnlySpan<char> text) =>
        Rune.DecodeFromUtf16(text, out var rune, out _) == OperationStatus.Done && IsWord(rune);

    /// <summary>What <c>\w</c> matches: letters, marks, digits, connectors, joiners, and letters in circles and squares.</summary>
    private static bool IsWord(Rune rune) =>
        rune.Value is 0x200C or 0x200D or (>= 0x24B6 and <= 0x24E9) or (>= 0x1F130 and <= 0x1F149) or (>= 0x1F150 and <= 0x1F169) or (>= 0x1F170 and <= 0x1F189)
        || Rune.GetUnicodeCategory(rune) is <= UnicodeCategory.LetterNumber or UnicodeCategory.ConnectorPunctuation;
}
