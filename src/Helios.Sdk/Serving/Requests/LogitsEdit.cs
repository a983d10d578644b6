using System.Collections.Immutable;
using Helios.Sdk.Backends;

namespace Helios.Sdk.Serving.Requests;

/// <summary>
/// What a request wants done to its logits before a token is drawn: repetition penalty, presence and frequency penalties, bias,
/// processors, in this order. A function of the tokens up to the row's position alone, so that it is the same whatever shares
/// the batch and however often the sequence was preempted.
/// </summary>
/// <remarks>
/// Threading: rows of one sequence take turns. The sequence's tokens change between steps only. What it needs is made
/// with the first token, and grows by doubling.
/// </remarks>
internal sealed class LogitsEdit : ILogitsEdit
{
    private readonly Lock gate = new();
    private readonly Sequence sequence;
    private readonly bool penalises;
    private readonly float repetition;
    private readonly float presence;
    private readonly float frequency;
    private readonly KeyValuePair<int, float>[] bias;
    private readonly bool forbids;
    private readonly ILogitsProcessor[] processors;
    private TokenCounts? counts;

    // Known tokens, then drafted ones.
    private int[] tokens = [];
    private int known;
    private int drafted;
    private Dictionary<int, HeliosException>? failures;

    private LogitsEdit(Sequence sequence)
    {
        this.sequence = sequence;
        var request = sequence.Request;
        penalises = Penalises(sequence);
        (repetition, presence, frequency) = (sequence.Sampling.RepetitionPenalty, request.Sampling.PresencePenalty, request.Sampling.FrequencyPenalty);
        bias = [.. request.Sampling.LogitBias ?? ImmutableDictionary<int, float>.Empty];
        forbids = bias.Any(entry => float.IsNegativeInfinity(entry.Value));
        processors = [.. request.Sampling.LogitsProcessors];
    }

    /// <summary>The edit that a sequence's request asks for; null when it asks for none.</summary>
    public static LogitsEdit? For(Sequence sequence)
    {
        var request = sequence.Request;
        return Penalises(sequence) || request.Sampling.LogitBias is { Count: > 0 } || request.Sampling.LogitsProcessors.Count > 0 ? new LogitsEdit(sequence) : null;
    }

    /// <summary>
    /// A token was guessed behind the known and drafted ones: rows at its position and beyond are edited as if it were
    /// there. Between steps.
    /// </summary>
    public void Draft(int token)
    {
        CatchUp();
        Buffers.Grow(ref tokens, known + drafted + 1, sequence.Capacity);
        tokens[known + drafted++] = token;
    }

    /// <summary>Takes back every drafted token; a token that becomes known does so too. Between steps.</summary>
    public void TakeBack()
    {
        counts?.MoveTo(Math.Min(counts.Length, known), tokens);
        drafted = 0;
    }

    /// <summary>Bytes of host memory it takes, its counts left out: they are no more than the tokens'.</summary>
    public long Bytes => (long)tokens.Length * sizeof(int);

    /// <summary>Why the logits of a position could not be edited; null when they could.</summary>
    public HeliosException? FailureAt(int position) => failures?.GetValueOrDefault(position);

    public void Edit(int position, Span<float> logits)
    {
        lock (gate)
        {
            failures?.Remove(position);
            try
            {
                CatchUp();
                Apply(tokens.AsSpan(0, known + drafted)[..(position + 1)], logits);
            }
            catch (Exception error)
            {
                // Thrown on, it would take the rows of other requests with it. The loop fails this one when it comes to the
                // token, which is drawn from something harmless.
                (failures ??= [])[position] = error as HeliosException ?? new HeliosException($"The logits could not be edited: {error.Message}", error);
                logits.Clear();
            }
        }
    }

    private static bool Penalises(Sequence sequence) =>
        sequence.Sampling.RepetitionPenalty != 1 || sequence.Request.Sampling.PresencePenalty != 0 || sequence.Request.Sampling.FrequencyPenalty != 0;

    private void Apply(ReadOnlySpan<int> before, Span<float> logits)
    {
        if (penalises) Penalise(before, logits);
        foreach (var (id, added) in bias)
        {
            // Models of one tokenizer may have different numbers of rows beyond its tokens.
            if (id < logits.Length) logits[id] += added;
        }

        if (forbids) Require(logits, nameof(GenerationRequest.Sampling.LogitBias));
        foreach (var processor in processors) Process(processor, before, logits);
    }

    private void Penalise(ReadOnlySpan<int> before, Span<float> logits)
    {
        counts ??= new TokenCounts(sequence.PromptLength, Math.Min(before.Length, logits.Length));
        counts.MoveTo(before.Length, tokens);
        foreach (var (id, count) in counts)
        {
            ref var logit = ref logits[id];
            logit = logit > 0 ? logit / repetition : logit * repetition;
            if (count.InAnswer > 0) logit -= presence + frequency * count.InAnswer;
        }
    }

    private static void Process(ILogitsProcessor processor, ReadOnlySpan<int> before, Span<float> logits)
    {
        var name = processor.GetType().Name;
        try
        {
            processor.Process(before, logits);
        }
        catch (Exception error)
        {
            throw new HeliosException($"The logits processor {name} failed: {error.Message}", error);
        }

        Require(logits, name);
    }

    private static void Require(ReadOnlySpan<float> logits, string editor)
    {
        var choices = false;
        for (var id = 0; id < logits.Length; id++)
        {
            if (float.IsFinite(logits[id])) choices = true;
            else if (!float.IsNegativeInfinity(logits[id]))
                throw new HeliosException(Invariant($"{editor} made the logit of token {id} {logits[id]}; expected a finite number, or negative infinity to forbid it."));
        }

        if (!choices) throw new HeliosException($"{editor} forbids every token: no logit is finite.");
    }

    private void CatchUp()
    {
        if (known == sequence.Known) return;
        TakeBack();
        Buffers.Grow(ref tokens, sequence.Known, sequence.Capacity);
        sequence.Tokens[known..].CopyTo(tokens.AsSpan(known));
        known = sequence.Known;
    }
}
