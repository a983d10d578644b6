using System.Collections.Immutable;
using System.Runtime.CompilerServices;
using System.Text;
using Helios.Sdk.Serving.Requests;

namespace Helios.Sdk.Testing;

/// <summary>
/// A client that answers from a script and records the requests, for tests of code that takes an <see cref="IHeliosClient"/>.
/// It gives the answers in order, one per request, then <see cref="Otherwise"/>. Thread-safe.
/// </summary>
/// <remarks>
/// It refuses a request that an engine would refuse. Of the options it applies only <see cref="GenerationRequest.MaxTokens"/>: penalties,
/// stop strings, seeds, and everything that depends on the model need an engine.
/// </remarks>
public sealed class ScriptedHeliosClient : IHeliosClient
{
    private readonly TimeProvider time;
    private readonly Lock gate = new();
    private readonly Queue<Func<GenerationRequest, ScriptedAnswer>> script = new();
    private readonly List<GenerationRequest> requests = [];

    /// <summary>Creates a client.</summary>
    /// <param name="time">Clock of the answers' delays, for example a <see cref="ManualClock"/>; the system's if null.</param>
    public ScriptedHeliosClient(TimeProvider? time = null) => this.time = time ?? TimeProvider.System;

    /// <summary>Answers every request for which the script has none; null lets such a request fail.</summary>
    public Func<GenerationRequest, ScriptedAnswer>? Otherwise { get; set; }

    /// <summary>The requests so far, in order; one entry for each requested answer.</summary>
    public IReadOnlyList<GenerationRequest> Requests
    {
        get { lock (gate) return [.. requests]; }
    }

    /// <summary>Adds an answer, split into words.</summary>
    /// <param name="text">The answer.</param>
    public ScriptedHeliosClient Answer(string text) => Answer(ScriptedAnswer.Of(text));

    /// <summary>Adds an answer.</summary>
    /// <param name="answer">Its tokens, its delays and how it ends.</param>
    public ScriptedHeliosClient Answer(ScriptedAnswer answer)
    {
        ArgumentNullException.ThrowIfNull(answer);
        return Answer(_ => answer);
    }

    /// <summary>Adds an answer that depends on the request; if the function throws, the request fails before the answer begins.</summary>
    /// <param name="answer">Creates the answer.</param>
    public ScriptedHeliosClient Answer(Func<GenerationRequest, ScriptedAnswer> answer)
    {
        ArgumentNullException.ThrowIfNull(answer);
        lock (gate) script.Enqueue(answer);
        return this;
    }

    /// <summary>Fails a request before its answer begins, as a full queue does with a <see cref="ServerBusyException"/>.</summary>
    /// <param name="error">The exception.</param>
    public ScriptedHeliosClient Fail(Exception error)
    {
        ArgumentNullException.ThrowIfNull(error);
        return Answer(new ScriptedAnswer { Tokens = [], Error = error });
    }

    /// <inheritdoc/>
    public IAsyncEnumerable<GenerationUpdate> StreamAsync(GenerationRequest request, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(request);
        RequestRules.Check(request);
        return StreamCoreAsync(request, Next(request), cancellationToken);
    }

    /// <inheritdoc/>
    public Task<GenerationResult> GenerateAsync(GenerationRequest request, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(request);
        RequestRules.Check(request);
        return ReadAsync(request, Next(request), cancellationToken);
    }

    /// <inheritdoc/>
    public async Task<IReadOnlyList<GenerationResult>> GenerateAsync(GenerationRequest request, int samples, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(request);
        RequestRules.Check(request);
        ArgumentOutOfRangeException.ThrowIfLessThan(samples, 1);
        var answers = Enumerable.Range(0, samples).Select(_ => Next(request)).ToList();
        return await Task.WhenAll(answers.Select(answer => ReadAsync(request, answer, cancellationToken))).ConfigureAwait(false);
    }

    private ScriptedAnswer Next(GenerationRequest request)
    {
        Func<GenerationRequest, ScriptedAnswer>? answer;
        lock (gate)
        {
            requests.Add(request);
            answer = script.TryDequeue(out var next) ? next : Otherwise;
        }

        if (answer is null) throw new InvalidOperationException($"The script has no answer left for request {Requests.Count}; add one with {nameof(Answer)}, or set {nameof(Otherwise)}.");
        return answer(request);
    }

    private async IAsyncEnumerable<GenerationUpdate> StreamCoreAsync(GenerationRequest request, ScriptedAnswer answer, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        var count = Math.Min(answer.Tokens.Length, MaxTokensOf(request));
        for (var i = 0; i < count; i++)
        {
            await WaitAsync(i == 0 ? answer.FirstTokenAfter : answer.TokenEvery, cancellationToken).ConfigureAwait(false);
            var last = i + 1 == count && answer.Error is null;
            yield return new GenerationUpdate { TokenId = i, Text = answer.Tokens[i], ExitDepth = answer.ExitDepth, FinishReason = last ? EndOf(request, answer) : null };
        }

        if (count == answer.Tokens.Length && answer.Error is { } error) throw error;
        if (count == 0) yield return new GenerationUpdate { TokenId = null, Text = "", ExitDepth = 0, FinishReason = answer.FinishReason };
    }

    private async Task<GenerationResult> ReadAsync(GenerationRequest request, ScriptedAnswer answer, CancellationToken cancellationToken)
    {
        var started = time.GetTimestamp();
        var first = started;
        var (text, end) = (new StringBuilder(), answer.FinishReason);
        var ids = ImmutableArray.CreateBuilder<int>();
        await foreach (var update in StreamCoreAsync(request, answer, cancellationToken).ConfigureAwait(false))
        {
            end = update.FinishReason ?? end;
            if (update.TokenId is not { } id) continue;
            if (ids.Count == 0) first = time.GetTimestamp();
            text.Append(update.Text);
            ids.Add(id);
        }

        return new GenerationResult
        {
            Text = text.ToString(),
            PromptIds = [.. request.TokenIds ?? []],
            TokenIds = ids.ToImmutable(),
            ExitDepths = [.. Enumerable.Repeat(answer.ExitDepth, ids.Count)],
            FinishReason = end,
            Point = answer.Point,
            CachedPromptTokens = 0,
            TimeToFirstToken = time.GetElapsedTime(started, first),
            TimePerOutputToken = ids.Count > 1 ? time.GetElapsedTime(first) / (ids.Count - 1) : TimeSpan.Zero,
        };
    }

    private static int MaxTokensOf(GenerationRequest request) => request.MaxTokens ?? int.MaxValue;

    private static FinishReason EndOf(GenerationRequest request, ScriptedAnswer answer) =>
        answer.Tokens.Length > MaxTokensOf(request) ? FinishReason.Length : answer.FinishReason;

    private Task WaitAsync(TimeSpan delay, CancellationToken cancellationToken) =>
        delay > TimeSpan.Zero ? Task.Delay(delay, time, cancellationToken) : cancellationToken.IsCancellationRequested ? Task.FromCanceled(cancellationToken) : Task.CompletedTask;
}
