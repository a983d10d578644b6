using Helios.Sdk.Tokenization;

namespace Helios.Benchmarks.Serving;

/// <summary>Texts one behind the other, over and over, from which pieces of so many tokens are cut.</summary>
internal sealed class TextRing
{
    private readonly ITokenizer tokenizer;
    private readonly int[] ids;
    private int next;

    public TextRing(IEnumerable<string> texts, ITokenizer tokenizer)
    {
        this.tokenizer = tokenizer;
        ids = [.. texts.SelectMany(text => tokenizer.Encode(text, addSpecialTokens: false))];
    }

    /// <summary>The next piece: as many tokens, special ones included, or a few less where cut edges encode to more.</summary>
    public string Cut(int tokens)
    {
        for (var length = tokens; ; length--)
        {
            var piece = tokenizer.Decode([.. Enumerable.Range(next, length).Select(i => ids[i % ids.Length])]);
            if (length > 1 && tokenizer.Encode(piece).Count > tokens) continue;
            next = (next + length) % ids.Length;
            return piece;
        }
    }
}
