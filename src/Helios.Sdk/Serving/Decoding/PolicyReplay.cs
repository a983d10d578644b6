using System.Collections.Immutable;
using Helios.Sdk.Backends;
using Helios.Sdk.ExitPolicies;
using Helios.Sdk.Models;
using Helios.Sdk.Serving.Routing;

namespace Helios.Sdk.Serving.Decoding;

/// <summary>
/// Says what an exit policy makes of a text that is known, as if it were served now: rows leave where the policy lets them,
/// the KV above is filled from the states they left with, and later rows see that. One causal pass over the text: a row's
/// an exit check depends on earlier rows up to that depth alone, and they have all left or gone on by then.
/// </summary>
internal sealed class PolicyReplay(ILayeredModel device, ReplayedPoint point, int maxRows)
{
    private readonly StepAssembly rows = new(maxRows);
    private readonly bool[] isIn = new bool[maxRows];
    private readonly int[] indices = new int[maxRows];
    private readonly int[] targets = new int[maxRows];
    private readonly int[] leaving = new int[maxRows];
    private readonly bool[] leave = new bool[maxRows];
    private readonly ExitSignal[] signals = new ExitSignal[maxRows];
    private readonly ExitSignal[] last = new ExitSignal[maxRows];

    /// <summary>Replays a text.</summary>
    /// <param name="tokens">Its ids.</param>
    /// <param name="promptLength">Tokens from the start that may not leave early, as those of a prompt, at least 1.</param>
    /// <param name="table">KV blocks for all of them, of the depth served.</param>
    /// <param name="found">One per token: where it left, and what was foreseen there.</param>
    public void Run(ReadOnlySpan<int> tokens, int promptLength, ReadOnlySpan<KvBlock> table, Span<ReplayedToken> found)
    {
        for (var done = 0; done < tokens.Length;)
        {
            var count = Math.Min(maxRows, tokens.Length - done);
            Step(tokens, done, count, promptLength, table, found.Slice(done, count));
            done += count;
        }
    }

    private void Step(ReadOnlySpan<int> tokens, int start, int count, int promptLength, ReadOnlySpan<KvBlock> table, Span<ReplayedToken> found)
    {
        rows.Clear();
        rows.AddText(tokens.Slice(start, count), start, firstBlock: 0, point.Depth, promptLength);
        isIn.AsSpan(0, count).Fill(true);
        last.AsSpan(0, count).Clear();
        rows.Begin(device, table);

        var depth = 0;
        foreach (var check in point.CheckDepths)
        {
            device.Run(new LayerRange(depth, check));
            depth = check;
            var read = Check(tokens, promptLength, count);
            Decide(check, read);
            Leave(check, read, found);
        }

        device.Run(new LayerRange(depth, point.Depth));
        var rest = Check(tokens, promptLength: 0, count);
        leave.AsSpan(0, rest).Fill(true);
        Leave(point.Depth, rest, found);
    }

    /// <summary>Signals of the rows that are still in the walk and are no part of the prompt.</summary>
    private int Check(ReadOnlySpan<int> tokens, int promptLength, int count)
    {
        var read = 0;
        for (var i = 0; i < count; i++)
        {
            if (!isIn[i] || !ExitRule.MayLeave(rows[i].Position, promptLength)) continue;
            var next = rows[i].Position + 1;
            targets[read] = next < tokens.Length ? tokens[next] : ExitCheck.NoTarget;
            indices[read++] = i;
        }

        if (read > 0)
        {
            var needs = ExitRule.Needs(point.Policy, point.Confidence);
            device.ReadSignals(new ExitCheck { Rows = indices.AsSpan(0, read), Needs = needs, Targets = targets.AsSpan(0, read) }, signals);
        }

        return read;
    }

    private void Decide(int depth, int read)
    {
        for (var i = 0; i < read; i++)
        {
            ref var before = ref last[indices[i]];
            ExitRule.Complete(ref signals[i], depth, before, point.Confidence);
            before = signals[i];
        }

        leave.AsSpan(0, read).Clear();
        if (read > 0) point.Policy.Decide(depth, signals.AsSpan(0, read), leave.AsSpan(0, read));
    }

    private void Leave(int depth, int read, Span<ReplayedToken> found)
    {
        var count = 0;
        for (var i = 0; i < read; i++)
        {
            if (!leave[i]) continue;
            isIn[indices[i]] = false;
            found[indices[i]] = new ReplayedToken(depth, signals[i].TopId, signals[i].TargetLogProbability);
            leaving[count++] = indices[i];
        }

        if (count > 0) device.Retire(leaving.AsSpan(0, count));
    }
}

/// <summary>What a text is replayed with.</summary>
/// <param name="Depth">Depth served.</param>
/// <param name="Policy">Per-token exits below it.</param>
/// <param name="CheckDepths">Depths of the exits to check, ascending.</param>
/// <param name="Confidence">What signals are worth.</param>
internal sealed record ReplayedPoint(int Depth, IExitPolicy Policy, ImmutableArray<int> CheckDepths, IConfidenceMap Confidence);

/// <summary>A token of a replayed text.</summary>
/// <param name="Depth">Layers it ran through.</param>
/// <param name="TopId">Likeliest token behind it.</param>
/// <param name="LogProbability">Natural log of the probability of the token that did follow; 0 for the last one.</param>
internal readonly record struct ReplayedToken(int Depth, int TopId, float LogProbability);
