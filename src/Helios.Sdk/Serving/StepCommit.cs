using Helios.Sdk.Backends;
using Helios.Sdk.Scheduling;
using Helios.Sdk.Serving.Decoding;
using Helios.Sdk.Serving.Requests;
using Helios.Sdk.Serving.Routing;
using Helios.Sdk.Serving.Scheduling;
using Helios.Sdk.Serving.Streaming;

namespace Helios.Sdk.Serving;

/// <summary>
/// Takes what a step computed over into its sequences: counters, KV that is left to others, tokens, ends. What goes wrong with one
/// sequence ends that one. Belongs to the device thread.
/// </summary>
internal sealed class StepCommit(IScheduler scheduler, PromptCache prompts, SequenceTable sequences, IServingObserver observer, Action<Sequence, RequestOutcome> end)
{
    /// <summary>Takes over the rows of a walk, in the order of the plan.</summary>
    public void Take(ServedModel served, ReadOnlySpan<PlannedRows> plan, ReadOnlySpan<WalkRow> rows, long now)
    {
        foreach (var (sequence, count) in plan)
        {
            try
            {
                Take(served, sequence, rows[..count], now);
            }
            catch (Exception error)
            {
                Fail(sequence, error);
            }

            rows = rows[count..];
        }
    }

    /// <summary>Takes over verified tokens. Each but the last was a draft, so that it has run too; what lies behind the end of an answer is dropped.</summary>
    public void Take(ServedModel served, ReadOnlySpan<PlannedRows> plan, SpeculativeWalk walk, long now)
    {
        for (var i = 0; i < plan.Length; i++)
        {
            try
            {
                Take(served, plan[i].Sequence, walk.TokensOf(i), now);
            }
            catch (Exception error)
            {
                Fail(plan[i].Sequence, error);
            }
        }
    }

    /// <summary>What one sequence came to grief of (its own logits, a tokenizer, no memory for its answer) is no matter of the others.</summary>
    public void Fail(Sequence sequence, Exception error)
    {
        if (sequences.Find(sequence.Id) is null) return;
        var failure = error as HeliosException ?? new HeliosException($"The answer could not be continued: {error.Message}", error);
        end(sequence, RequestOutcome.Failed(failure));
    }

    private void Take(ServedModel served, Sequence sequence, ReadOnlySpan<WalkRow> rows, long now)
    {
        var first = sequence.Computed;
        var recomputed = 0;
        foreach (ref readonly var row in rows)
        {
            if (row.Failure is { } failure) throw failure;
            if (sequence.DepthOf(row.Position) > 0) recomputed++;
            sequence.Advance(row.RanTo);
        }

        prompts.Leave(sequence, first);
        ref readonly var last = ref rows[^1];
        scheduler.Commit(new StepOutcome(sequence.Id, rows.Length, recomputed, last.Samples));
        if (!last.Samples) sequences.CountBytes(sequence);
        else if (TryEmit(served, sequence, new CommittedToken(last.Token, last.RanTo, last.Signal.Confidence, last.LogProbability), now)) Publish(sequence);
    }

    private void Take(ServedModel served, Sequence sequence, ReadOnlySpan<SampledToken> tokens, long now)
    {
        var depth = sequence.Route!.Depth;
        scheduler.Commit(new StepOutcome(sequence.Id, tokens.Length, Recomputed: 0, Sampled: true));
        var lives = true;
        for (var t = 0; t < tokens.Length && lives; t++)
        {
            if (NonFinite.At(served, tokens[t].Signal, depth) is { } failure) throw failure;
            sequence.Advance(depth);
            prompts.Leave(sequence, sequence.Computed - 1);
            lives = TryEmit(served, sequence, new CommittedToken(tokens[t].TokenId, depth, Confidence: 1, tokens[t].LogProbability), now);
        }

        if (lives) Publish(sequence);
    }

    /// <summary>Takes a token that was sampled; false when the answer ended with it.</summary>
    private bool TryEmit(ServedModel served, Sequence sequence, in CommittedToken token, long now)
    {
        if (sequence.Edit?.FailureAt(sequence.Known - 1) is { } failure)
        {
            end(sequence, RequestOutcome.Failed(failure));
            return false;
        }

        var request = sequence.Request;
        var isEnd = request.StopTokenIds.Contains(token.Id)
            || (!request.IgnoreEndOfSequence && (served.Info.EndOfSequenceIds.Contains(token.Id) || sequence.Prompt.EndIds.Contains(token.Id)));
        sequence.Output.LogProbabilities?.SetChosen(sequence.Answer.Length, token.LogProbability);
        sequence.Append(token.Id);
        var stopped = sequence.Output.Append(token.Id, token.Depth, now, isText: !isEnd);
        observer.TokenEmitted(sequence, token.Depth, token.Confidence);

        if (isEnd || stopped) end(sequence, RequestOutcome.Completed(FinishReason.Stop));
        else if (sequence.Answer.Length == sequence.MaxTokens) end(sequence, RequestOutcome.Completed(FinishReason.Length));
        else return true;
        return false;
    }

    private void Publish(Sequence sequence)
    {
        sequence.Output.Publish();
        sequences.CountBytes(sequence);
    }

    /// <summary>A token as it was sampled, and the depth it left at.</summary>
    private readonly record struct CommittedToken(int Id, int Depth, float Confidence, float LogProbability);
}
