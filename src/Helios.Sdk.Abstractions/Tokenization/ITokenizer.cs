namespace Helios.Sdk.Tokenization;

/// <summary>Converts text to ids and back, by a model's tokenizer files. Immutable and thread-safe.</summary>
public interface ITokenizer
{
    /// <summary>Ids run from 0 to this, exclusive.</summary>
    int VocabularySize { get; }

    /// <summary>Equal for tokenizers that give equal ids, so that a sequence can move between models.</summary>
    string Fingerprint { get; }

    /// <summary>Encodes text. Linear in its length. Unpaired surrogates become U+FFFD.</summary>
    /// <param name="text">Any text; special tokens written out in it are recognised.</param>
    /// <param name="addSpecialTokens">Whether to add the tokens of the post-processor (for example BOS).</param>
    IReadOnlyList<int> Encode(string text, bool addSpecialTokens = true);

    /// <summary>
    /// Encodes a text with untrusted parts: a special token that overlaps one of them is not recognised, and is encoded as plain text.
    /// A text without such tokens gets the same ids as without parts.
    /// </summary>
    /// <param name="text">Any text.</param>
    /// <param name="verbatim">The untrusted parts, ascending, without overlap.</param>
    /// <param name="addSpecialTokens">Whether to add the tokens of the post-processor (for example BOS).</param>
    /// <exception cref="ArgumentException">A part is outside the text, or not after the previous one.</exception>
    /// <exception cref="NotSupportedException">The tokenizer does not implement this method.</exception>
    IReadOnlyList<int> Encode(string text, IReadOnlyList<TextSpan> verbatim, bool addSpecialTokens = true) =>
        throw new NotSupportedException($"{GetType().Name} cannot keep special tokens out of parts of a text.");

    /// <summary>
    /// A lower bound of the number of ids of a text, without encoding it: a prompt that exceeds a context by this bound is refused at once.
    /// Fast, and allocates nothing.
    /// </summary>
    /// <param name="text">Any text.</param>
    /// <returns>A lower bound; 0 if there is none, as in the default implementation.</returns>
    long CountAtLeast(string text) => 0;

    /// <summary>
    /// Encodes a text only if it has at most a number of ids, for example a prompt that must fit a context. It may stop soon after that number.
    /// </summary>
    /// <param name="mostIds">Maximum ids.</param>
    /// <param name="text">Any text.</param>
    /// <param name="verbatim">The untrusted parts of the text; see <see cref="Encode(string, IReadOnlyList{TextSpan}, bool)"/>.</param>
    /// <param name="addSpecialTokens">Whether to add the tokens of the post-processor (for example BOS).</param>
    /// <param name="cancellationToken">Cancels the encoding, if the tokenizer supports it.</param>
    /// <returns>All ids of the text; null if there are more.</returns>
    /// <remarks>The default implementation encodes the whole text first.</remarks>
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
    /// UTF-8 bytes that a token appends to the text; may be part of a character. Special tokens append none. Neither allocates
    /// nor fails on an id of the vocabulary.
    /// </summary>
    /// <param name="id">An id of this tokenizer.</param>
    ReadOnlySpan<byte> GetBytes(int id);

    /// <summary>Whether a leading space of the first token of an answer is dropped if no text precedes it (metaspace tokenizers).</summary>
    bool StripsLeadingSpace { get; }
}
