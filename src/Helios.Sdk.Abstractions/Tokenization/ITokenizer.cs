namespace Helios.Sdk.Tokenization;

/// <summary>Text to ids and back, as a model's own tokenizer files say. Immutable and thread-safe.</summary>
public interface ITokenizer
{
    /// <summary>Ids run from 0 to this, exclusive.</summary>
    int VocabularySize { get; }

    /// <summary>Equal for tokenizers that give equal ids, so that a sequence can move between models.</summary>
    string Fingerprint { get; }

    /// <summary>Encodes text. Linear in its length. Unpaired surrogates become U+FFFD.</summary>
    /// <param name="text">Any text; special tokens written out in it are recognised.</param>
    /// <param name="addSpecialTokens">Whether to add what the post-processor says (BOS, say).</param>
    IReadOnlyList<int> Encode(string text, bool addSpecialTokens = true);

    /// <summary>
    /// Encodes a text of which others wrote some parts: a special token that reaches into one of them is not recognised, and its
    /// letters are encoded like any others. A text without such tokens gets the ids that it gets without parts.
    /// </summary>
    /// <param name="text">Any text.</param>
    /// <param name="verbatim">Parts of the text, ascending, none reaching into the next.</param>
    /// <param name="addSpecialTokens">Whether to add what the post-processor says (BOS, say).</param>
    /// <exception cref="ArgumentException">A part is outside the text, or not behind the one before it.</exception>
    /// <exception cref="NotSupportedException">The tokenizer cannot distinguish parts, as long as it does not implement this.</exception>
    IReadOnlyList<int> Encode(string text, IReadOnlyList<TextSpan> verbatim, bool addSpecialTokens = true) =>
        throw new NotSupportedException($"{GetType().Name} cannot keep special tokens out of parts of a text.");

    /// <summary>
    /// How many ids a text has at least, found without encoding it: a prompt that passes a context by this is refused at once. Quick, and
    /// allocates nothing.
    /// </summary>
    /// <param name="text">Any text.</param>
    /// <returns>A lower bound; 0 where nothing can be said, as without an implementation of its own.</returns>
    long CountAtLeast(string text) => 0;

    /// <summary>
    /// Encodes a text that is of no use when it has more than so many ids, as a prompt that passes a context: it may stop soon after.
    /// </summary>
    /// <param name="mostIds">Most ids.</param>
    /// <param name="text">Any text.</param>
    /// <param name="verbatim">Parts of the text that others wrote; see <see cref="Encode(string, IReadOnlyList{TextSpan}, bool)"/>.</param>
    /// <param name="addSpecialTokens">Whether to add what the post-processor says (BOS, say).</param>
    /// <param name="cancellationToken">Ends it before the text is encoded, where the tokenizer heeds it.</param>
    /// <returns>All ids of the text; null when there are more.</returns>
    /// <remarks>Without an implementation of its own a tokenizer encodes the whole text first.</remarks>
    IReadOnlyList<int>? EncodeUpTo(int mostIds, string text, IReadOnlyList<TextSpan> verbatim, bool addSpecialTokens = true, CancellationToken cancellationToken = default)
    {
        cancellationToken.ThrowIfCancellationRequested();
        var ids = verbatim.Count == 0 ? Encode(text, addSpecialTokens) : Encode(text, verbatim, addSpecialTokens);
        return ids.Count > mostIds ? null : ids;
    }

    /// <summary>Decodes ids. Bytes that are not UTF-8 become U+FFFD.</summary>
    /// <param name="ids">Ids of this tokenizer.</param>
    /// <param name="skipSpecialTokens">Whether special tokens are left out.</param>
    /// <exception cref="ArgumentOutOfRangeException">An id is outside the vocabulary.</exception>
    string Decode(IEnumerable<int> ids, bool skipSpecialTokens = true);

    /// <summary>
    /// UTF-8 bytes that a token adds behind others; may be part of a character. Special tokens add none. Neither allocates
    /// nor fails on an id of the vocabulary.
    /// </summary>
    /// <param name="id">An id of this tokenizer.</param>
    ReadOnlySpan<byte> GetBytes(int id);

    /// <summary>Whether a space that the first token of an answer starts with is dropped when nothing precedes it (metaspace tokenizers).</summary>
    bool StripsLeadingSpace { get; }
}
