using Helios.Sdk.Serving;
using Helios.Sdk.Serving.Requests;
using Helios.Sdk.Serving.Streaming;
using Helios.Sdk.Telemetry;

namespace Helios.Sdk.Hosting.Requests;

/// <summary>
/// The caller's side of a request: reads what its sequence generates. Disposing it before the end cancels the sequence.
/// </summary>
internal sealed class RunningRequest : IAsyncDisposable
{
    private readonly Sequence sequence;
    private readonly ServingLoop loop;
    private readonly TimeProvider time;
    private readonly CancellationToken cancellationToken;
    private readonly CancellationTokenRegistration cancellation;
    private readonly RequestTrace? trace;
    private Detokenizer? text;
    private FinishReason? finish;
    private Exception? failure;
    private int seen;
    private bool finished;

    /// <summary>Submits the sequence. The trace, if there is one, ends with this.</summary>
    public RunningRequest(Sequence sequence, ServingLoop loop, TimeProvider time, RequestTrace? trace, CancellationToken cancellationToken)
    {
        this.sequence = sequence;
        (this.loop, this.time) = (loop, time);
        this.trace = trace;
        this.cancellationToken = cancellationToken;
        loop.Submit(sequence);
        cancellation = cancellationToken.UnsafeRegister(static self => ((RunningRequest)self!).Cancel(), this);
    }

    public Sequence Sequence => sequence;

    private TokenStream Output => sequence.Output;

    /// <summary>Completes with the first token: its prompt was computed.</summary>
    /// <exception cref="OperationCanceledException">The caller cancelled.</exception>
    /// <exception cref="HeliosException">The engine failed it.</exception>
    public async ValueTask BeginAsync()
    {
        await Output.WaitAsync(seen: 0).ConfigureAwait(false);
        if (Output.Progress.End?.Error is { } error) throw Failure(error);
    }

    /// <summary>Completes when every token is there to be read.</summary>
    public async ValueTask EndAsync() => await Output.WaitForEndAsync().ConfigureAwait(false);

    /// <summary>The next token; null after the last.</summary>
    /// <exception cref="OperationCanceledException">The caller cancelled.</exception>
    /// <exception cref="HeliosException">The engine failed it.</exception>
    public async ValueTask<GenerationUpdate?> NextAsync()
    {
        if (finished) return null;
        await Output.WaitAsync(seen).ConfigureAwait(false);
        var (count, end) = Output.Progress;
        if (end?.Error is { } error) throw Failure(error);
        if (seen == count)
        {
            // It ended without another token: an abort, or time was up.
            return Update() with { Text = Read(Output.Text.SafeLength, last: true), FinishReason = Finish(end!) };
        }

        var logProbabilities = Output.LogProbabilities?[seen];
        var (id, depth, textEnd) = Output[seen++];
        var isLast = end is not null && seen == count;
        var piece = isLast ? Read(Output.Text.SafeLength, last: true) : Read(textEnd, last: false);
        return Update() with { TokenId = id, Text = piece, ExitDepth = depth, LogProbabilities = logProbabilities, FinishReason = isLast ? Finish(end!) : null };
    }

    /// <summary>What every piece says of the request; it runs, or is over.</summary>
    private GenerationUpdate Update() => new()
    {
        TokenId = null,
        Text = "",
        ExitDepth = 0,
        Point = sequence.Route?.Point,
        PromptTokens = sequence.Prompt.IsUnread ? 0 : sequence.PromptLength,
        CachedPromptTokens = sequence.CachedPromptTokens,
    };

    /// <summary>The whole answer; after the last token was read.</summary>
    public GenerationResult ToResult(string answer, FinishReason finish)
    {
        var tokens = Enumerable.Range(0, Output.Progress.Count).Select(i => Output[i]).ToList();
        var first = tokens.Count == 0 ? TimeSpan.Zero : time.GetElapsedTime(sequence.ArrivedAt, Output.FirstTokenAt);
        var rest = tokens.Count < 2 ? TimeSpan.Zero : time.GetElapsedTime(Output.FirstTokenAt, Output.LastTokenAt) / (tokens.Count - 1);
        return new GenerationResult
        {
            Text = answer,
            PromptIds = sequence.Prompt.IsUnread ? [] : [.. sequence.Tokens[..sequence.PromptLength]],
            TokenIds = [.. tokens.Select(token => token.Id)],
            ExitDepths = [.. tokens.Select(token => token.Depth)],
            LogProbabilities = Output.LogProbabilities is { } known ? [.. Enumerable.Range(0, tokens.Count).Select(i => known[i])] : [],
            FinishReason = finish,
            Point = sequence.Route?.Point,
            CachedPromptTokens = sequence.CachedPromptTokens,
            TimeToFirstToken = first,
            TimePerOutputToken = rest,
        };
    }

    public async ValueTask DisposeAsync()
    {
        await cancellation.DisposeAsync().ConfigureAwait(false);
        if (!finished) Cancel();
        trace?.End(sequence, finish, failure);
    }

    private FinishReason? Finish(RequestOutcome end)
    {
        finished = true;
        return finish = end.Reason;
    }

    private void Cancel() => loop.Cancel(sequence);

    /// <summary>The detokenizer is made at the first token: until then the prompt may move to another tokenizer.</summary>
    private string Read(int end, bool last)
    {
        text ??= new Detokenizer(Output.Text);
        var piece = text.ReadTo(end, last);
        trace?.Read(piece);
        return piece;
    }

    private Exception Failure(Exception error)
    {
        finished = true;
        return failure = error switch
        {
            OperationCanceledException => new OperationCanceledException("The request was cancelled.", cancellationToken),
            ServerBusyException busy => new ServerBusyException(busy.Message, busy) { RetryAfter = busy.RetryAfter },
            ConversationRefusedException refused => new ConversationRefusedException(refused.Message, refused),
            ChatTemplateException unusable => new ChatTemplateException(unusable.Message, unusable),
            NonFiniteLogitsException bad => new NonFiniteLogitsException(bad.Message, bad) { Model = bad.Model, Layers = bad.Layers },
            HeliosException known => new HeliosException(known.Message, known),
            _ => new HeliosException(error.Message, error),
        };
    }
}
