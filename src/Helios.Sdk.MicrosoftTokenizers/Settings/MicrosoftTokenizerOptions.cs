namespace Helios.Sdk.MicrosoftTokenizers;

/// <summary>Settings that a <c>.tiktoken</c> file does not contain. SentencePiece files need none.</summary>
public sealed class MicrosoftTokenizerOptions
{
    /// <summary>
    /// The pattern that words are cut by, as a .NET regular expression over whole characters. Null goes by the file's name: GPT-2's for
    /// <c>gpt2</c>, <c>r50k</c> and <c>p50k</c>, Qwen's for <c>qwen</c>, GPT-4o's for <c>o200k</c>, and GPT-4's and Llama 3's for any other.
    /// </summary>
    public string? TiktokenPattern { get; set; }

    /// <summary>
    /// Special tokens and their ids, beside those in <c>added_tokens_decoder</c> of <c>tokenizer_config.json</c> and in <c>added_tokens.json</c>.
    /// </summary>
    public IDictionary<string, int> TiktokenSpecialTokens { get; } = new Dictionary<string, int>(StringComparer.Ordinal);
}
