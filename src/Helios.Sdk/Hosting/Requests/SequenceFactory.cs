using System.Collections.Immutable;
using Helios.Sdk.Adaptation;
using Helios.Sdk.Adaptation.Loading;
using Helios.Sdk.Scheduling;
using Helios.Sdk.Serving;
using Helios.Sdk.Serving.Requests;
using Helios.Sdk.Serving.Routing;
using Helios.Sdk.Serving.Streaming;
using Helios.Sdk.Tokenization;

namespace Helios.Sdk.Hosting.Requests;

/// <summary>Turns a request into a sequence: checks it, encodes its prompt, and claims the point it insists on, if it does.</summary>
internal sealed class SequenceFactory(ModelPool pool, Routes routes, PointOverrides overrides, ServingLoop loop, ServingOptions options, TimeProvider time)
{
    /// <summary>What a timer takes.</summary>
    private static readonly TimeSpan LongestTimer = TimeSpan.FromDays(1);

    private readonly PromptEncoder encoding = new(options.MaxEncodingBytes);
    private long lastId;

    /// <summary>Bytes that the prompts count for which are being encoded. Any thread.</summary>
    public long EncodingBytes => encoding.Bytes;

    public async ValueTask<Sequence> CreateAsync(GenerationRequest request, CancellationToken cancellationToken)
    {
        var arrivedAt = time.GetTimestamp();
        var pinned = request.Model is { } name ? pool.Find(name) : null;
        if (pinned is not null) request = request with { Model = pinned.Info.Name };
        var encoder = pinned ?? pool.Find(routes.Current?.Serving.Lease.Model.Name ?? pool.Entries.First().Info.Name);
        CheckSampling(request, pinned, encoder);
        if (await EncodeInTimeAsync(request, pinned, encoder, arrivedAt, cancellationToken).ConfigureAwait(false) is not var (prompt, others))
            return Make(request, EncodedPrompt.Unread(encoder.Tokenizer.Fingerprint), [], arrivedAt);
        CheckPrompt(request, prompt, pinned, encoder);

        if (await ClaimAsync(request, arrivedAt, cancellationToken).ConfigureAwait(false) is not var (route, lease)) return Make(request, prompt, others, arrivedAt);
        try
        {
            var chosen = pool.Find(lease.Model.Name);
            prompt = Reencode(request, prompt, others, chosen);
            CheckPrompt(request, prompt, chosen, chosen);
            var sequence = Make(request, prompt, [], arrivedAt);
            sequence.Assign(route, lease);
            return sequence;
        }
        catch
        {
            lease.Dispose();
            throw;
        }
    }

    /// <summary>One more answer to the request of <paramref name="first"/>, which has begun to answer: from the same point and over the KV of its prompt, while it lives.</summary>
    public async ValueTask<Sequence> CreateSampleAsync(Sequence first, long seed, CancellationToken cancellationToken)
    {
        var request = first.Request with { Sampling = first.Request.Sampling with { Seed = seed } };
        if (first.Lease?.TryShare() is not { } lease)
        {
            var late = await CreateAsync(request, cancellationToken).ConfigureAwait(false);
            late.MayWait = true;
            return late;
        }

        var prompt = new EncodedPrompt(first.Tokens[..first.PromptLength].ToArray(), first.Prompt.TokenizerFingerprint) { Form = first.Prompt.Form, EndIds = first.Prompt.EndIds };
        var sample = Make(request, prompt, [], first.ArrivedAt, first.Output.Stops);
        sample.Assign(first.Route!, lease);
        sample.Source = first;
        sample.MayWait = true;
        return sample;
    }

    /// <summary>The claim that a request brings along; none when its time is up before it is had, and the serving loop then ends it.</summary>
    private async ValueTask<(Route Route, ModelLease Lease)?> ClaimAsync(GenerationRequest request, long arrivedAt, CancellationToken cancellationToken)
    {
        if (!PointOverrides.Insists(request)) return null;
        if (options.MaxQueueTime is { } most && !overrides.Ready.IsCompleted) await WaitForServiceAsync(request, most, cancellationToken).ConfigureAwait(false);
        if (request.TimeLimit is not { } limit) return await overrides.ResolveAsync(request, cancellationToken).ConfigureAwait(false);

        var left = limit - time.GetElapsedTime(arrivedAt);
        if (left <= TimeSpan.Zero) return null;
        using var timeUp = new CancellationTokenSource(left < LongestTimer ? left : LongestTimer, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(timeUp.Token, cancellationToken);
        try
        {
            return await overrides.ResolveAsync(request, either.Token).ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (timeUp.IsCancellationRequested && !cancellationToken.IsCancellationRequested)
        {
            return null;
        }
    }

    /// <summary>Until the first model serves, a request waits here no longer than it may wait in the queue.</summary>
    /// <exception cref="ServerBusyException">It has waited that long.</exception>
    private async Task WaitForServiceAsync(GenerationRequest request, TimeSpan most, CancellationToken cancellationToken)
    {
        // A request with less time than that ends by that limit.
        if (request.TimeLimit <= most) return;
        try
        {
            await overrides.Ready.WaitAsync(most < LongestTimer ? most : LongestTimer, time, cancellationToken).ConfigureAwait(false);
        }
        catch (TimeoutException)
        {
            throw loop.Busy(Invariant($"No model serves yet, and the request waited {most.TotalSeconds:0.###} s for one; that is Serving.MaxQueueTime."), loop.Queue.Waiting);
        }
    }

    private Sequence Make(GenerationRequest request, EncodedPrompt prompt, ImmutableArray<PromptForm> others, long arrivedAt, StopStrings? stops = null)
    {
        var tokenizer = pool.Entries.First(entry => entry.Tokenizer.Fingerprint == prompt.TokenizerFingerprint).Tokenizer;
        var output = new TokenStream(tokenizer, stops ?? StopStrings.Of(request.Stop)) { LogProbabilities = AnswerLogProbabilities.For(request) };
        var seed = request.Sampling.Seed ?? Random.Shared.NextInt64();
        var sequence = new Sequence(new RequestId(Interlocked.Increment(ref lastId)), request, seed, prompt, output, arrivedAt);
        sequence.Offer(others);
        sequence.TakeWhatFits(pool.Entries.Max(entry => entry.Info.Architecture.ContextLength));
        return sequence;
    }

    /// <summary>The prompt in ids; null when the time of the request is up before, and the serving loop then ends it.</summary>
    /// <exception cref="ServerBusyException">It waited as long as a request may wait to be started.</exception>
    private async ValueTask<(EncodedPrompt Prompt, ImmutableArray<PromptForm> Others)?> EncodeInTimeAsync(GenerationRequest request, PoolEntry? pinned, PoolEntry encoder, long arrivedAt, CancellationToken cancellationToken)
    {
        var limit = Shorter(request.TimeLimit, options.MaxQueueTime);
        if (limit is not { } most || most > LongestTimer || !PromptEncoder.MayWait(request)) return await EncodeAsync(request, pinned, encoder, cancellationToken).ConfigureAwait(false);

        using var timeUp = new CancellationTokenSource(most, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(timeUp.Token, cancellationToken);
        try
        {
            return await EncodeAsync(request, pinned, encoder, either.Token).ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (timeUp.IsCancellationRequested && !cancellationToken.IsCancellationRequested)
        {
            // A timer may be early by a fraction of a millisecond, and the loop goes by timestamps: it must not begin what is over.
            while (most - time.GetElapsedTime(arrivedAt) is var left && left > TimeSpan.Zero)
                await Task.Delay(TimeSpan.FromMilliseconds(Math.Ceiling(left.TotalMilliseconds)), time, cancellationToken).ConfigureAwait(false);
            if (limit == request.TimeLimit) return null;
            throw loop.Busy(Invariant($"The request waited {time.GetElapsedTime(arrivedAt).TotalSeconds:0.###} s to be encoded; Serving.MaxQueueTime is {most.TotalSeconds:0.###} s."), loop.Queue.Waiting);
        }
    }

    private static TimeSpan? Shorter(TimeSpan? one, TimeSpan? other) => one is null || other < one ? other : one;

    private async ValueTask<(EncodedPrompt Prompt, ImmutableArray<PromptForm> Others)> EncodeAsync(GenerationRequest request, PoolEntry? pinned, PoolEntry encoder, CancellationToken cancellationToken)
    {
        if (request.TokenIds is { } ids)
        {
            RequireOneTokenizer(nameof(request.TokenIds), pinned, encoder);
            if (PromptRules.Overflow(request, ids.Count, isCut: false, Roomiest(pinned is not null ? [pinned] : Alike(encoder)).Info) is { } overflow) throw new InvalidOptionException(overflow);
            PromptRules.CheckIds(ids, encoder.Info);
            return (new EncodedPrompt([.. ids], encoder.Tokenizer.Fingerprint), []);
        }

        // What insists on a point may be put on another model than the active point now.
        IReadOnlyList<PoolEntry> models = pinned is not null ? [pinned] : [encoder, .. pool.Entries.Where(entry => entry != encoder && PromptEncoding.CanEncode(request, entry.Tokenizer, entry.Chat))];
        return await encoding.EncodeAsync(request, models, cancellationToken).ConfigureAwait(false)
            ?? throw loop.Busy(Invariant($"Long prompts wait to be encoded, and there is no room for this one of {PromptEncoding.LengthOf(request)} characters; Serving.MaxEncodingBytes is {options.MaxEncodingBytes}."), loop.Queue.Waiting);
    }

    /// <summary>Ids mean something to one tokenizer alone.</summary>
    private void RequireOneTokenizer(string option, PoolEntry? pinned, PoolEntry encoder)
    {
        if (pinned is null && pool.Entries.Any(entry => entry.Tokenizer.Fingerprint != encoder.Tokenizer.Fingerprint))
            throw RequestRules.Bad(option, $"given without a {nameof(GenerationRequest.Model)}", "one: the models of the pool have different tokenizers");
    }

    private static EncodedPrompt Reencode(GenerationRequest request, EncodedPrompt prompt, ImmutableArray<PromptForm> others, PoolEntry entry)
    {
        var wanted = PromptEncoding.FormOf(request, entry.Tokenizer, entry.Chat);
        if (request.TokenIds is not null || wanted == prompt.Form) return prompt;
        var form = others.FirstOrDefault(other => other.Form == wanted)
            ?? throw new HeliosException($"The prompt cannot be encoded for '{entry.Info.Name}', the chosen model; name a model in the request.");
        return form.Prompt ?? throw form.Trouble!;
    }

    private IEnumerable<PoolEntry> Alike(PoolEntry encoder) => pool.Entries.Where(entry => entry.Tokenizer.Fingerprint == encoder.Tokenizer.Fingerprint);

    private static PoolEntry Roomiest(IEnumerable<PoolEntry> alike) => alike.MaxBy(entry => entry.Info.Architecture.ContextLength)!;

    /// <summary>Without a pinned model the largest vocabulary counts; a bias or stop id that the serving model lacks has no effect.</summary>
    private void CheckSampling(GenerationRequest request, PoolEntry? pinned, PoolEntry encoder)
    {
        if (request.Sampling.LogitBias is { Count: > 0 }) RequireOneTokenizer(nameof(request.Sampling.LogitBias), pinned, encoder);
        if (request.StopTokenIds.Count > 0) RequireOneTokenizer(nameof(request.StopTokenIds), pinned, encoder);
        PromptRules.CheckVocabulary(request, (pinned ?? Alike(encoder).MaxBy(entry => entry.Info.Architecture.VocabularySize)!).Info);
    }

    /// <summary>Without a pinned model the roomiest context counts, and the largest vocabulary; a model with less refuses when it is the one to serve.</summary>
    private void CheckPrompt(GenerationRequest request, EncodedPrompt prompt, PoolEntry? pinned, PoolEntry encoder)
    {
        List<PoolEntry> alike = pinned is not null ? [pinned] : [.. Alike(encoder).Where(entry => PromptEncoding.FormOf(request, entry.Tokenizer, entry.Chat) == prompt.Form)];
        if (PromptRules.Overflow(request, prompt, Roomiest(alike).Info) is { } overflow) throw new InvalidOptionException(overflow);
        var richest = alike.MaxBy(entry => entry.Info.Architecture.VocabularySize)!;
        if (PromptRules.FindBadId(request, prompt, richest.Info) is { } bad) throw new InvalidOptionException(bad);
    }
}
