namespace Helios.Sdk.Tokenization.PreTokenizers;

/// <summary>
/// Patterns that published models share, and their hand-written scanners. Their look-ahead keeps .NET from running them
/// without backtracking, and .NET would take surrogate pairs apart; the scanners do neither.
/// </summary>
internal static class PublishedPatterns
{
    /// <summary>GPT-2, and the byte-level pre-tokenizer of Hugging Face.</summary>
    public const string Gpt2 = @"'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+";

    /// <summary>Llama 3, and GPT-4 as converted for Hugging Face.</summary>
    public const string Llama3 = @"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}" + Rest;

    /// <summary>Qwen 2 and later: one digit at a time.</summary>
    public const string Qwen2 = @"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}" + Rest;

    private const string Rest = @"| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+";

    /// <summary>The scanner of a pattern, or null when it is none of these.</summary>
    public static IWordScanner? Find(string pattern) => pattern switch
    {
        Gpt2 => new Gpt2Scanner(),
        Llama3 => new Llama3Scanner(longestNumber: 3),
        Qwen2 => new Llama3Scanner(longestNumber: 1),
        _ => null,
    };
}
