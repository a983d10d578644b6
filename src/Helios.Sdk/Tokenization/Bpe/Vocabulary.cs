namespace Helios.Sdk.Tokenization.Bpe;

/// <summary>Tokens and their ids.</summary>
/// <param name="ids">The model's own tokens: what its merges and symbols are made of.</param>
/// <param name="tokens">All tokens by id, added ones included.</param>
/// <param name="added">Tokens recognised in text before the model sees it.</param>
internal sealed class Vocabulary(
    IReadOnlyDictionary<string, int> ids, IReadOnlyDictionary<int, string> tokens, IReadOnlyList<AddedToken> added)
{
    /// <summary>Ids end here: 16 times the largest published vocabulary, and what bounds the tables a file can ask for.</summary>
    public const int Largest = 1 << 22;

    private readonly HashSet<int> guarded = [.. added.Where(token => token.Guarded).Select(token => token.Id)];

    public IReadOnlyDictionary<string, int> Ids => ids;

    public IReadOnlyDictionary<int, string> Tokens => tokens;

    public IReadOnlyList<AddedToken> Added => added;

    /// <summary>Those of <see cref="Added"/> that <c>tokenizer.json</c> lacks, or does not say the truth about.</summary>
    public IReadOnlyList<AddedToken> DeclaredElsewhere { get; init; } = [];

    /// <summary>One more than the largest id.</summary>
    public int Size { get; } = tokens.Keys.Max() + 1;

    /// <summary>Whether an id is that of a token that the letters of a text never add up to.</summary>
    public bool IsGuarded(int id) => guarded.Contains(id);
}

/// <summary>A token that is recognised in text as a whole, whatever the merges say.</summary>
internal sealed record AddedToken(int Id, string Content)
{
    /// <summary>Most characters of one: bounds the steps that recognising it takes at one place of a text.</summary>
    public const int Longest = 1024;

    private readonly bool guarded;

    /// <summary>A control token: left out of answers.</summary>
    public bool Special { get; init; }

    /// <summary>Not recognised in what others wrote, nor made of its letters. Every special token is.</summary>
    public bool Guarded
    {
        get => guarded || Special;
        init => guarded = value;
    }

    /// <summary>Swallows the white space before it.</summary>
    public bool LeftStrip { get; init; }

    /// <summary>Swallows the white space behind it.</summary>
    public bool RightStrip { get; init; }

    /// <summary>Recognised only where no word character touches it.</summary>
    public bool SingleWord { get; init; }

    /// <summary>Looked for in normalized text rather than in the text as written.</summary>
    public bool Normalized { get; init; }
}
