using Helios.Sdk.Tokenization;

namespace Helios.Sdk.Serving.Streaming;

/// <summary>
/// The text of one answer as bytes, between the serving loop that appends tokens and the one reader that shows them.
/// </summary>
/// <remarks>
/// <para>
/// Threading: one writer (<see cref="Append"/>, <see cref="Complete"/>) and one reader (a <see cref="Detokenizer"/>), without
/// locks. The writer fills bytes, then publishes how many are safe to show; published bytes never change. When the array is
/// full a larger copy is published first, so a reader that still holds the old one finds in it all that it was promised.
/// </para>
/// <para>The writer allocates only when the array grows, by doubling.</para>
/// </remarks>
internal sealed class TokenText
{
    private readonly ITokenizer tokenizer;
    private readonly StopDetector? stops;
    private byte[] bytes;
    private int length;
    private int safeLength;
    private bool stripsSpace;
    private bool completed;

    /// <summary>An empty answer.</summary>
    /// <param name="tokenizer">The tokenizer of its tokens.</param>
    /// <param name="stops">Watches for stop strings; null when there are none.</param>
    /// <param name="capacity">Bytes expected.</param>
    /// <param name="stripLeadingSpace">
    /// Whether a space at the very start is dropped, as a whole text of a metaspace tokenizer needs. An answer continues a
    /// prompt, so its first space is text.
    /// </param>
    public TokenText(ITokenizer tokenizer, StopDetector? stops = null, int capacity = 256, bool stripLeadingSpace = false)
    {
        this.tokenizer = tokenizer;
        this.stops = stops;
        bytes = new byte[Math.Max(capacity, 16)];
        stripsSpace = stripLeadingSpace;
    }

    /// <summary>Bytes that will be part of the answer whatever comes. Any thread.</summary>
    public int SafeLength => Volatile.Read(ref safeLength);

    /// <summary>Bytes of the buffer. The writer.</summary>
    public int Capacity => bytes.Length;

    /// <summary>Whether no byte will follow. Any thread; read it before <see cref="SafeLength"/>.</summary>
    public bool IsComplete => Volatile.Read(ref completed);

    /// <summary>
    /// Appends what a token adds. Special tokens add nothing, nor do ids that the tokenizer lacks: models often have more rows
    /// than their tokenizer has tokens. The writer.
    /// </summary>
    /// <returns>How many bytes are safe to show with it, and whether a stop string ended the answer.</returns>
    public AppendResult Append(int tokenId)
    {
        if (completed) throw new InvalidOperationException("The answer is complete.");
        var added = (uint)tokenId < (uint)tokenizer.VocabularySize ? tokenizer.GetBytes(tokenId) : [];
        if (stripsSpace && added.Length > 0)
        {
            stripsSpace = false;
            if (added[0] == ' ') added = added[1..];
        }

        if (added.Length > bytes.Length - length) Grow(added.Length);
        added.CopyTo(bytes.AsSpan(length));
        length += added.Length;
        if (stops is null) return Publish(length, stopped: false);
        if (stops.Feed(added)) Finish(stops.StopAt!.Value);
        return completed ? new AppendResult(safeLength, true) : Publish(length - stops.HeldBack, stopped: false);
    }

    /// <summary>No token will follow: what was held back is part of the answer. Idempotent. The writer.</summary>
    /// <returns>The length of the answer in bytes.</returns>
    public int Complete()
    {
        if (!completed) Finish(length);
        return safeLength;
    }

    /// <summary>Published bytes. The reader.</summary>
    /// <param name="start">Where to start.</param>
    /// <param name="end">Where to end; a published length at most.</param>
    public ReadOnlySpan<byte> Slice(int start, int end)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan(end, SafeLength);
        return Volatile.Read(ref bytes).AsSpan(start, end - start);
    }

    private AppendResult Publish(int safeLength, bool stopped)
    {
        Volatile.Write(ref this.safeLength, safeLength);
        return new AppendResult(safeLength, stopped);
    }

    private void Finish(int length)
    {
        Volatile.Write(ref safeLength, length);
        Volatile.Write(ref completed, true);
    }

    private void Grow(int more)
    {
        var larger = new byte[Math.Max(checked(bytes.Length * 2), checked(length + more))];
        bytes.AsSpan(0, length).CopyTo(larger);
        Volatile.Write(ref bytes, larger);
    }
}

/// <summary>What appending a token came to.</summary>
/// <param name="SafeLength">Bytes that are safe to show from now on: what the reader may read up to with this token.</param>
/// <param name="Stopped">A stop string is complete and the answer ends before it.</param>
internal readonly record struct AppendResult(int SafeLength, bool Stopped);
