namespace Helios.Sdk.Tokenization;

/// <summary>Tokens and their ids.</summary>
/// <param name="ids">The model's own tokens: what its merges and symbols are made of.</param>
/// <param name="tokens">All tokens by id, added ones included.</param>
/// <param name="added">Tokens recognised in text before the model sees it.</param>
internal sealed class Vocabulary(
    IReadOnlyDictionary<string, int> ids, IReadOnlyDictionary<int, string> tokens, IReadOnlyList<AddedToken> added)
{
    public IReadOnlyDictionary<string, int> Ids => ids;

    public IReadOnlyDictionary<int, string> Tokens => tokens;

    public IReadOnlyList<AddedToken> Added => added;

    /// <summary>One more than the largest id.</summary>
    public int Size { get; } = tokens.Keys.Max() + 1;
}

/// <summary>A token that is recognised in text as a whole, whatever the merges say.</summary>
internal sealed record AddedToken(int Id, string Content)
{
    /// <summary>Left out of answers.</summary>
    public bool Special { get; init; }

    /// <summary>Swallows the white space before it.</summary>
    public bool LeftStrip { get; init; }

    /// <summary>Swallows the white space behind it.</summary>
    public bool RightStrip { get; init; }

    /// <summary>Recognised only where no word character touches it.</summary>
    public bool SingleWord { get; init; }

    /// <summary>Looked for in normalized text rather than in the text as written.</summary>
    public bool Normalized { get; init; }
}
