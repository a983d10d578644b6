using System.Collections.Immutable;
using System.Threading.Tasks.Sources;
using Helios.Sdk.Tokenization;

namespace Helios.Sdk.Serving.Streaming;

/// <summary>
/// What a sequence has generated, handed from the device thread (one writer) to the reader of the answer (one reader).
/// Buffers grow with the answer, from its first token on: few tokens allocate, and requests that wait cost little. The writer
/// never waits: the reader is woken on the thread pool.
/// </summary>
internal sealed class TokenStream : IValueTaskSource<bool>, IThreadPoolWorkItem
{
    private readonly Lock gate = new();
    private ITokenizer tokenizer;
    private ImmutableArray<int> stopIds;
    private Segments<Written>? tokens;
    private ManualResetValueTaskSourceCore<bool> signal;
    private bool readerWaits;
    private int awaited;
    private int written;
    private int count;
    private RequestOutcome? end;

    /// <summary>An answer that has not begun.</summary>
    /// <param name="tokenizer">The tokenizer of its tokens.</param>
    /// <param name="stops">Strings that end it.</param>
    public TokenStream(ITokenizer tokenizer, StopStrings stops)
    {
        this.tokenizer = tokenizer;
        Stops = stops;
        stopIds = StopTokens.Find(stops.Texts, tokenizer);
        Text = new TokenText(tokenizer);
    }

    /// <summary>Strings that end the answer.</summary>
    public StopStrings Stops { get; }

    /// <summary>Text of the tokens; has its own rules for the two threads.</summary>
    public TokenText Text { get; private set; }

    /// <summary>Log probabilities of the tokens; null when none are asked for.</summary>
    public AnswerLogProbabilities? LogProbabilities { get; init; }

    /// <summary>Timestamp of the first token; 0 before it.</summary>
    public long FirstTokenAt { get; private set; }

    /// <summary>Timestamp of the last token so far.</summary>
    public long LastTokenAt { get; private set; }

    /// <summary>Tokens published so far, and how it ended if it did. The last token comes together with the end.</summary>
    public (int Count, RequestOutcome? End) Progress
    {
        get { lock (gate) return (count, end); }
    }

    /// <summary>A written token: its id, the layers it ran through, and how far the text may be read with it.</summary>
    public Written this[int index] => tokens![index].Span[0];

    /// <summary>Writer: bytes of host memory that the answer takes so far.</summary>
    public long Bytes => (tokens?.Bytes ?? 0) + Stops.Bytes + Text.Capacity + (LogProbabilities?.Bytes ?? 0);

    /// <summary>Writer, before the first token: the prompt moved to a model with another tokenizer.</summary>
    public void UseTokenizer(ITokenizer other, ImmutableArray<int> stops)
    {
        tokenizer = other;
        stopIds = stops;
    }

    /// <summary>
    /// Writer: a token was generated; <see cref="Publish"/> or <see cref="Complete"/> shows it. Returns true when a stop string is
    /// now complete, be it in letters or as a special token.
    /// </summary>
    public bool Append(int id, int depth, long timestamp, bool isText)
    {
        if (written == 0) Start(timestamp);
        LastTokenAt = timestamp;
        var appended = isText ? Text.Append(id) : new AppendResult(Text.SafeLength, Stopped: false);
        tokens![written++].Span[0] = new Written(id, depth, appended.SafeLength);
        return appended.Stopped || stopIds.Contains(id);
    }

    /// <summary>Writer: shows what was appended; more follows.</summary>
    public void Publish()
    {
        bool wake;
        lock (gate)
        {
            count = written;
            wake = count > awaited && TakeWaiter();
        }

        Wake(wake);
    }

    /// <summary>Writer: shows what was appended, and nothing follows. Ends that come later are ignored.</summary>
    public void Complete(RequestOutcome outcome)
    {
        bool wake;
        lock (gate)
        {
            if (end is not null) return;
            if (outcome.Error is null) Text.Complete();
            end = outcome;
            count = written;
            wake = TakeWaiter();
        }

        Wake(wake);
    }

    /// <summary>Reader: completes when the end has come. One wake for the whole answer leaves the processors to the device thread.</summary>
    public ValueTask<bool> WaitForEndAsync() => WaitAsync(int.MaxValue);

    /// <summary>Reader: completes when there are more than <paramref name="seen"/> tokens, or the end has come.</summary>
    public ValueTask<bool> WaitAsync(int seen)
    {
        lock (gate)
        {
            if (count > seen || end is not null) return new ValueTask<bool>(true);
            signal.Reset();
            readerWaits = true;
            awaited = seen;
            return new ValueTask<bool>(this, signal.Version);
        }
    }

    void IThreadPoolWorkItem.Execute() => signal.SetResult(true);

    bool IValueTaskSource<bool>.GetResult(short token) => signal.GetResult(token);

    ValueTaskSourceStatus IValueTaskSource<bool>.GetStatus(short token) => signal.GetStatus(token);

    void IValueTaskSource<bool>.OnCompleted(Action<object?> continuation, object? state, short token, ValueTaskSourceOnCompletedFlags flags) =>
        signal.OnCompleted(continuation, state, token, flags);

    private void Start(long timestamp)
    {
        FirstTokenAt = timestamp;
        tokens = new Segments<Written>();
        Text = new TokenText(tokenizer, Stops.Texts.Count > 0 ? new StopDetector(Stops) : null);
    }

    private bool TakeWaiter()
    {
        var waits = readerWaits;
        readerWaits = false;
        return waits;
    }

    private void Wake(bool wake)
    {
        if (wake) ThreadPool.UnsafeQueueUserWorkItem(this, preferLocal: false);
    }
}

/// <summary>A token of an answer.</summary>
/// <param name="Id">The token.</param>
/// <param name="Depth">Layers it ran through.</param>
/// <param name="TextEnd">How far the text may be read with it, in bytes.</param>
internal readonly record struct Written(int Id, int Depth, int TextEnd);
