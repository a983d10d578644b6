using Helios.Sdk.Backends;
using Helios.Sdk.ExitPolicies;
using Helios.Sdk.Models;
using Helios.Sdk.Serving.Requests;
using Helios.Sdk.Serving.Routing;
using Helios.Sdk.Serving.Scheduling;

namespace Helios.Sdk.Serving.Decoding;

/// <summary>
/// Walks one model's rows up through its layers: run to the next stop, check the exit where a policy wants to, let the rows leave
/// that are done, and in the end sample for the sequences whose last known token ran. Rows of several depths share the
/// lower layers; those that leave simply stop taking part. Allocates nothing once its buffers have grown.
/// </summary>
internal sealed class LayerWalk
{
    private readonly TimeProvider time;
    private readonly WalkRow[] rows;
    private readonly StepAssembly step;
    private readonly int[] selected;
    private readonly int[] leaving;
    private readonly SampleRow[] sampleRows;
    private readonly SampledToken[] sampled;
    private readonly ExitChecks checks;
    private int rowCount;

    public LayerWalk(int maxRows, TimeProvider time)
    {
        this.time = time;
        rows = new WalkRow[maxRows];
        step = new StepAssembly(maxRows);
        selected = new int[maxRows];
        leaving = new int[maxRows];
        sampleRows = new SampleRow[maxRows];
        sampled = new SampledToken[maxRows];
        checks = new ExitChecks(maxRows);
    }

    /// <summary>Rows of the last walk, in the order of the plan.</summary>
    public ReadOnlySpan<WalkRow> Rows => rows.AsSpan(0, rowCount);

    /// <summary>Runs the planned rows of one model.</summary>
    public StepTiming Run(ServedModel model, ReadOnlySpan<PlannedRows> plan)
    {
        var started = time.GetTimestamp();
        Gather(model, plan);
        var inLayers = Climb(model);
        var climbed = time.GetTimestamp();
        var sampledRows = Sample(model);
        var inHead = time.GetElapsedTime(climbed);
        var other = time.GetElapsedTime(started) - inLayers - inHead;
        return Timing(sampledRows, new StepTimes(inLayers.TotalSeconds, inHead.TotalSeconds, other.TotalSeconds));
    }

    private void Gather(ServedModel model, ReadOnlySpan<PlannedRows> plan)
    {
        step.Clear();
        foreach (var (sequence, count) in plan)
        {
            step.AddText(sequence.Tokens.Slice(sequence.Computed, count), sequence.Computed, step.AddBlocks(sequence.Kv!), sequence.Route!.Depth, sequence.RotaryLength);
            for (var i = 0; i < count; i++) rows[step.Count - count + i] = WalkRow.For(sequence, sequence.Computed + i);
        }

        rowCount = step.Count;
        step.Begin(model.Device);
    }

    /// <summary>Returns the time spent in layers; exit checks are not part of it.</summary>
    private TimeSpan Climb(ServedModel model)
    {
        var inLayers = TimeSpan.Zero;
        for (var depth = 0; NextStop(depth) is var stop and > 0; depth = stop)
        {
            var started = time.GetTimestamp();
            model.Device.Run(new LayerRange(depth, stop));
            inLayers += time.GetElapsedTime(started);

            checks.Take(model, stop, rows.AsSpan(0, rowCount));
            var count = 0;
            for (var i = 0; i < rowCount; i++)
            {
                if (!rows[i].LeavesAt(stop)) continue;
                rows[i].RanTo = stop;
                leaving[count++] = i;
            }

            if (count > 0) model.Device.Retire(leaving.AsSpan(0, count));
        }

        return inLayers;
    }

    /// <summary>The next depth above <paramref name="depth"/> at which a row still in the walk leaves or is checked; 0 when none is in it.</summary>
    private int NextStop(int depth)
    {
        var next = int.MaxValue;
        foreach (ref readonly var row in rows.AsSpan(0, rowCount))
        {
            if (row.RanTo == 0) next = Math.Min(next, row.NextStop(depth));
        }

        return next == int.MaxValue ? 0 : next;
    }

    /// <summary>Returns how many rows went through the head.</summary>
    private int Sample(ServedModel model)
    {
        var count = 0;
        for (var i = 0; i < rowCount; i++)
        {
            ref var row = ref rows[i];
            if (!row.Samples) continue;
            if (row.CheckedAt == row.RanTo && row.Sequence.TakesLikeliest)
            {
                row.Token = row.Signal.TopId;
                continue;
            }

            if (row.Failure is not null) continue;
            var needs = (row.RanTo < model.Info.Architecture.Layers ? model.Calibration.Current.Needs : ExitSignals.None) | ExitSignals.Top1;
            selected[count] = i;
            sampleRows[count++] = Draws.Of(row.Sequence, i, row.Position, needs);
        }

        if (count == 0) return 0;
        model.Device.Sample(sampleRows.AsSpan(0, count), sampled.AsSpan(0, count));
        for (var i = 0; i < count; i++)
        {
            ref var row = ref rows[selected[i]];
            row.Token = sampled[i].TokenId;
            row.LogProbability = sampled[i].LogProbability;
            row.Failure = NonFinite.At(model, sampled[i].Signal, row.RanTo, row.CheckedAt == row.RanTo ? 0 : row.CheckedAt);
            row.Signal = sampled[i].Signal;
            row.Signal.Confidence = ExitChecks.ConfidenceOf(model, row.RanTo, row.Signal);
        }

        return count;
    }

    private StepTiming Timing(int sampledRows, StepTimes times)
    {
        long layers = 0, context = 0;
        var sequences = 0;
        foreach (ref readonly var row in Rows)
        {
            if (row.Samples) sequences++;
            layers += row.RanTo;
            context += row.Position + 1;
        }

        return new StepTiming(rowCount, sampledRows, (double)layers / rowCount, context, times) { Sequences = sequences };
    }
}

/// <summary>One row of a walk.</summary>
internal struct WalkRow
{
    public Sequence Sequence;
    public int Position;

    /// <summary>Depth at which it leaves at the latest: what its sequence serves, or what it ran to before its KV was dropped.</summary>
    public int LastDepth;

    /// <summary>Whether the policy may let it leave earlier.</summary>
    public bool MayLeave;

    /// <summary>Set by the exit check that let it go.</summary>
    public bool Released;

    /// <summary>Depth it left at; 0 while it is in the walk.</summary>
    public int RanTo;

    /// <summary>Depth of its last exit check.</summary>
    public int CheckedAt;

    /// <summary>Signals at the depth it left at, or of the last exit check.</summary>
    public ExitSignal Signal;

    /// <summary>What went wrong with it alone; its sequence ends with that.</summary>
    public HeliosException? Failure;

    /// <summary>Whether a token is sampled from it.</summary>
    public bool Samples;

    /// <summary>The token sampled from it.</summary>
    public int Token;

    /// <summary>Natural log of the token's probability; 0 where it was not sampled but read by an exit check.</summary>
    public float LogProbability;

    public static WalkRow For(Sequence sequence, int position)
    {
        var recorded = sequence.DepthOf(position);
        return new WalkRow
        {
            Sequence = sequence,
            Position = position,
            LastDepth = recorded > 0 ? recorded : sequence.Route!.Depth,
            MayLeave = sequence.Route!.CheckDepths.Length > 0 && sequence.MayLeaveEarly(position),
            Samples = position == sequence.Known - 1,
        };
    }

    public readonly bool LeavesAt(int depth) => RanTo == 0 && (Released || LastDepth == depth);

    public readonly int NextStop(int depth)
    {
        if (MayLeave)
        {
            foreach (var check in Sequence.Route!.CheckDepths)
            {
                if (check > depth) return Math.Min(check, LastDepth);
            }
        }

        return LastDepth;
    }
}
