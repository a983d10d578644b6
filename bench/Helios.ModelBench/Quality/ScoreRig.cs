using System.Collections.Immutable;
using Helios.Cli.Benching;
using Helios.Sdk;
using Helios.Sdk.Backends;
using Helios.Sdk.ExitPolicies;
using Helios.Sdk.Models;

namespace Helios.ModelBench.Quality;

/// <summary>Scores sequences one by one, teacher-forced and at several depths of one walk, straight on the backend.</summary>
internal sealed class ScoreRig : IDisposable
{
    private const int MostRows = 512;

    private readonly ImmutableArray<int> depths;
    private readonly IKvStore kv;
    private readonly ILayeredModel device;
    private readonly KvBlock[] table;
    private readonly StepRow[] rows;
    private readonly int[] all;
    private readonly ExitSignal[] signals;

    /// <param name="model">The model, loaded to the deepest of the depths.</param>
    /// <param name="depths">Where it is scored, ascending.</param>
    /// <param name="longest">Tokens of the longest sequence.</param>
    /// <exception cref="HeliosException">The budget does not hold KV and activations.</exception>
    public ScoreRig(BenchedModel model, ImmutableArray<int> depths, int longest)
    {
        this.depths = depths;
        rows = new StepRow[Math.Min(longest, MostRows)];
        all = [.. Enumerable.Range(0, rows.Length)];
        signals = new ExitSignal[rows.Length];
        (kv, table) = model.CreateKv(depths[^1], RigSize.BlocksFor(longest), Invariant($"KV of {longest} tokens"));
        try
        {
            device = model.Compose(kv, rows.Length);
        }
        catch
        {
            kv.Dispose();
            throw;
        }
    }

    /// <summary>Scores what follows each token of a sequence.</summary>
    /// <param name="ids">At least two tokens.</param>
    /// <param name="tallies">One per depth.</param>
    public void Score(ReadOnlySpan<int> ids, ReadOnlySpan<DepthTally> tallies)
    {
        var predicted = ids.Length - 1;
        for (var done = 0; done < predicted;)
        {
            var count = Math.Min(rows.Length, predicted - done);
            Step(ids.Slice(done, count), ids.Slice(done + 1, count), done, tallies);
            done += count;
        }
    }

    public void Dispose()
    {
        device.Dispose();
        kv.Dispose();
    }

    private void Step(ReadOnlySpan<int> ids, ReadOnlySpan<int> targets, int position, ReadOnlySpan<DepthTally> tallies)
    {
        for (var i = 0; i < ids.Length; i++) rows[i] = new StepRow(ids[i], position + i, FirstBlock: 0, depths[^1]);
        var batch = all.AsSpan(0, ids.Length);
        var found = signals.AsSpan(0, ids.Length);
        device.Begin(new StepBatch { Rows = rows.AsSpan(0, ids.Length), Blocks = table });
        var ran = 0;
        for (var i = 0; i < depths.Length; i++)
        {
            device.Run(new LayerRange(ran, depths[i]));
            device.ReadSignals(new ExitCheck { Rows = batch, Needs = ExitSignals.None, Targets = targets }, found);
            tallies[i].Add(found);
            ran = depths[i];
        }

        device.Retire(batch);
    }
}
