using System.Text;

namespace Helios.Sdk.Serving.Streaming;

/// <summary>
/// Reads the text of an answer piece by piece as it becomes certain: never half a character, and U+FFFD as soon as bytes
/// cannot become one. All pieces together are the decoding of all bytes. For the one reader of a <see cref="TokenText"/>.
/// </summary>
internal sealed class Detokenizer(TokenText text)
{
    // Keeps the bytes of a character whose rest has not come.
    private readonly Decoder decoder = Encoding.UTF8.GetDecoder();
    private int consumed;
    private bool flushed;

    /// <summary>The text that became certain since the last call.</summary>
    public string Read()
    {
        // In this order: what is complete now has its last length published.
        var last = text.IsComplete;
        return ReadTo(text.SafeLength, last);
    }

    /// <summary>The text that became certain up to a length that the writer published, of one token say.</summary>
    /// <param name="safeLength">A published length.</param>
    /// <param name="last">Whether it is the end of the answer: a character that is not whole becomes U+FFFD.</param>
    public string ReadTo(int safeLength, bool last = false)
    {
        if (flushed || (safeLength <= consumed && !last)) return "";
        var bytes = text.Slice(consumed, Math.Max(safeLength, consumed));
        consumed += bytes.Length;
        flushed = last;
        var length = decoder.GetCharCount(bytes, last);
        if (length == 0)
        {
            decoder.GetChars(bytes, [], last);
            return "";
        }

        // One allocation for the piece: the string itself.
        return string.Create(length, new Piece(decoder, bytes, last), static (chars, p) => p.Decoder.GetChars(p.Bytes, chars, p.Last));
    }

    private readonly ref struct Piece(Decoder decoder, ReadOnlySpan<byte> bytes, bool last)
    {
        public Decoder Decoder { get; } = decoder;

        public ReadOnlySpan<byte> Bytes { get; } = bytes;

        public bool Last { get; } = last;
    }
}
