using Helios.Sdk.Backends;
using Helios.Sdk.ExitPolicies;
using Helios.Sdk.Serving.Routing;

namespace Helios.Sdk.Serving.Decoding;

/// <summary>Checks an exit: reads the signals of the rows whose policy wants to, adds what the engine knows, and lets the policy decide.</summary>
internal sealed class ExitChecks(int maxRows)
{
    private readonly int[] indices = new int[maxRows];
    private readonly ExitSignal[] signals = new ExitSignal[maxRows];
    private readonly bool[] leave = new bool[maxRows];

    public void Take(ServedModel model, int depth, Span<WalkRow> rows)
    {
        var from = 0;
        while (Select(rows, depth, ref from) is var count and > 0) Decide(model, depth, rows, count);
    }

    /// <summary>Collects the rows from <paramref name="from"/> on that are checked at this depth under one policy: rows of one policy are neighbours but for rare overrides.</summary>
    private int Select(Span<WalkRow> rows, int depth, ref int from)
    {
        IExitPolicy? policy = null;
        var count = 0;
        for (; from < rows.Length; from++)
        {
            ref readonly var row = ref rows[from];
            if (row.RanTo != 0 || !row.MayLeave || depth >= row.LastDepth || !row.Sequence.Route!.ChecksAt(depth)) continue;
            policy ??= row.Sequence.Route.Policy;
            if (!ReferenceEquals(policy, row.Sequence.Route.Policy)) break;
            indices[count++] = from;
        }

        return count;
    }

    private void Decide(ServedModel model, int depth, Span<WalkRow> rows, int count)
    {
        var policy = rows[indices[0]].Sequence.Route!.Policy;
        var seen = signals.AsSpan(0, count);
        var confidence = model.Calibration.Current;
        var needs = ExitRule.Needs(policy, confidence);
        model.Device.ReadSignals(new ExitCheck { Rows = indices.AsSpan(0, count), Needs = needs }, seen);

        for (var i = 0; i < count; i++)
        {
            ref var row = ref rows[indices[i]];
            row.Failure = NonFinite.At(model, seen[i], depth, row.CheckedAt);
            ExitRule.Complete(ref seen[i], depth, row.Signal, confidence);
            row.Signal = seen[i];
            row.CheckedAt = depth;
        }

        var decided = leave.AsSpan(0, count);
        decided.Clear();
        var failure = TryDecide(policy, depth, seen, decided);
        for (var i = 0; i < count; i++)
        {
            ref var row = ref rows[indices[i]];
            row.Failure ??= failure;
            row.Released = decided[i] || row.Failure is not null;
        }
    }

    /// <summary>A policy is the application's own code: what it throws is a matter of the requests that it was asked about.</summary>
    private static HeliosException? TryDecide(IExitPolicy policy, int depth, ReadOnlySpan<ExitSignal> seen, Span<bool> decided)
    {
        try
        {
            policy.Decide(depth, seen, decided);
            return null;
        }
        catch (Exception error)
        {
            return new HeliosException(Invariant($"Exit policy '{policy.Name}' failed at depth {depth}: {error.Message}"), error);
        }
    }

    /// <summary>Calibrated confidence; 1 at full depth, which by definition agrees with itself.</summary>
    public static float ConfidenceOf(ServedModel model, int depth, in ExitSignal signal) =>
        depth >= model.Info.Architecture.Layers ? 1 : model.Calibration.Current.Map(depth, signal);
}
