using Helios.Sdk.Backends;
using Helios.Sdk.ExitPolicies;
using Helios.Sdk.Models;
using Helios.Sdk.Serving;
using Helios.Sdk.Serving.Decoding;
using Helios.Sdk.Serving.KvCache;
using Helios.Sdk.Serving.Routing;

namespace Helios.Sdk.Adaptation.Evaluation;

/// <summary>
/// Measures what a loaded model's decode steps cost at 1, 2, 4, ... rows, each without context and with some, so that its cost is
/// known at batches that live traffic has not had yet. Each step is one background item; probing ends early when steps get long.
/// </summary>
/// <remarks>
/// A neighbour on the machine only ever adds time, so of the steps of a kind the quicker half counts. All rows share the KV blocks
/// of one sequence: what they compute is worth nothing, and takes as long; so KV for one short sequence is enough for any batch,
/// and a device full of live requests hides no batch from it.
/// </remarks>
internal sealed class StepProbe(BlockPool blocks, DeviceWork work, TimeProvider time)
{
    /// <summary>Steps of a kind.</summary>
    private const int Repeats = 6;

    /// <summary>Those of them that run however long they take.</summary>
    private const int LeastRepeats = 2;

    /// <summary>Tokens that a row with context attends to.</summary>
    private const int Context = 64;

    /// <summary>Attempts, a step of live traffic between each and the next, to get the KV.</summary>
    private const int Attempts = 256;

    private static readonly TimeSpan LongestStep = TimeSpan.FromMilliseconds(250);

    /// <summary>Time of as many undisturbed steps of a kind as are enough.</summary>
    private static readonly TimeSpan Enough = TimeSpan.FromMilliseconds(20);

    /// <summary>Probes up to <paramref name="maxRows"/> rows and returns what the steps took that count, in order of rows.</summary>
    public async Task<IReadOnlyList<StepTiming>> MeasureAsync(ModelLease lease, int maxRows, CancellationToken cancellationToken)
    {
        var context = Math.Min(Context, lease.Served.Info.Architecture.ContextLength);
        var kv = new KvTables(lease.Served.KvParts(lease.Target.Depth), blocks.BlocksFor(context), isPinned: true);
        if (!await TryGrowAsync(kv, context, cancellationToken).ConfigureAwait(false)) return [];
        try
        {
            return await MeasureAsync(lease, kv, maxRows, context, cancellationToken).ConfigureAwait(false);
        }
        finally
        {
            await work.ReleaseAsync(() => kv.Release(blocks)).ConfigureAwait(false);
        }
    }

    private async Task<IReadOnlyList<StepTiming>> MeasureAsync(ModelLease lease, KvTables kv, int maxRows, int context, CancellationToken cancellationToken)
    {
        var timings = new List<StepTiming>();
        var depth = lease.Target.Depth;
        var longest = 0.0;

        // The first steps compile and warm, and write the context; they do not count.
        for (var written = 0; written < context; written += maxRows)
        {
            var (first, count) = (written, Math.Min(maxRows, context - written));
            await StepAsync(count, step => step.AddText(new int[count], first, step.AddBlocks(kv), depth, first + count)).ConfigureAwait(false);
        }

        for (var rows = 1; rows <= maxRows && longest <= LongestStep.TotalSeconds; rows *= 2)
        {
            foreach (var position in (int[])[0, context - 1])
                timings.AddRange(await RepeatAsync(rows, position).ConfigureAwait(false));
        }

        return timings;

        async Task<IEnumerable<StepTiming>> RepeatAsync(int rows, int position)
        {
            var steps = new List<StepTiming>(Repeats);
            while (steps.Count < Repeats && (steps.Count < LeastRepeats || steps.Count * steps.Min(step => step.Times.Total) < Enough.TotalSeconds))
                steps.Add(await StepAsync(rows, step => AddRows(step, rows, position)).ConfigureAwait(false));
            longest = Math.Max(longest, steps.Min(step => step.Times.Total));
            return steps.OrderBy(step => step.Times.Total).Take((steps.Count + 1) / 2);
        }

        void AddRows(StepAssembly step, int count, int position)
        {
            for (var i = 0; i < count; i++) step.Add(new StepRow(0, position, step.AddBlocks(kv), depth));
        }

        // A step is put together where it runs: between two of them the pool may have moved the blocks.
        Task<StepTiming> StepAsync(int rows, Action<StepAssembly> add)
        {
            cancellationToken.ThrowIfCancellationRequested();
            return work.RunInBackgroundAsync(() =>
            {
                var step = new StepAssembly(rows);
                add(step);
                return Run(lease.Served, step, depth);
            });
        }
    }

    /// <summary>Live sequences may have all KV there is: some of it comes free with each that ends.</summary>
    private async Task<bool> TryGrowAsync(KvTables kv, int tokens, CancellationToken cancellationToken)
    {
        for (var attempt = 0; attempt < Attempts; attempt++)
        {
            cancellationToken.ThrowIfCancellationRequested();
            if (await work.RunInBackgroundAsync(() => kv.TryGrow(blocks, first: 0, tokens, tokens)).ConfigureAwait(false)) return true;
        }

        return false;
    }

    /// <summary>Runs rows through the layers and draws a token from each.</summary>
    /// <exception cref="NonFiniteLogitsException">The model has no answer to give.</exception>
    private StepTiming Run(ServedModel model, StepAssembly step, int depth)
    {
        var device = model.Device;
        var drawn = new SampledToken[step.Count];
        var all = Enumerable.Range(0, step.Count).ToArray();
        var draws = all.Select(row => new SampleRow(row, 0, 0, 1, 0, ExitSignals.Top1)).ToArray();

        var started = time.GetTimestamp();
        step.Begin(device);
        var begun = time.GetTimestamp();
        device.Run(LayerRange.To(depth));
        var ran = time.GetTimestamp();
        device.Retire(all);
        device.Sample(draws, drawn);
        var ended = time.GetTimestamp();
        if (NonFinite.At(model, drawn[0].Signal, depth) is { } failure) throw failure;

        double Seconds(long from, long to) => time.GetElapsedTime(from, to).TotalSeconds;
        return new StepTiming(step.Count, step.Count, depth, all.Sum(row => step[row].Position + 1L), new StepTimes(Seconds(begun, ran), Seconds(ran, ended), Seconds(started, begun)));
    }
}
