using System.Collections.Immutable;
using Helios.Sdk.Adaptation.Loading;
using Helios.Sdk.Adaptation.Statistics;
using Helios.Sdk.Models;
using Helios.Sdk.Serving;
using Helios.Sdk.Serving.Decoding;
using Helios.Sdk.Serving.KvCache;
using Helios.Sdk.Serving.Routing;

namespace Helios.Sdk.Adaptation.Certification;

/// <summary>Replays texts under an exit policy on a model of the pool, loaded to the depth that would serve; a text is one background item.</summary>
internal sealed class PointReplay(ModelPool pool, BlockPool blocks, DeviceWork work, int maxRowsPerStep)
{
    /// <summary>Counts where a point's tokens differ from those of the full depth.</summary>
    /// <param name="entry">The model.</param>
    /// <param name="planned">The point, with an exit policy.</param>
    /// <param name="texts">The texts.</param>
    /// <param name="fullTopIds">By text, the likeliest token behind each one at full depth.</param>
    /// <param name="cancellationToken">Checked between texts.</param>
    /// <exception cref="HeliosException">It could not be loaded, or there is no room for its KV.</exception>
    public async Task<ImmutableArray<Counted>> CountAsync(
        PoolEntry entry, PlannedPoint planned, ImmutableArray<CountableText> texts, ImmutableArray<int[]> fullTopIds, CancellationToken cancellationToken)
    {
        var depth = planned.Point.Depth;
        using var lease = await AcquireAsync(entry, depth, cancellationToken).ConfigureAwait(false);
        var longest = texts.Max(text => text.Tokens.Length);
        var kv = new KvTables(lease.Served.KvParts(depth), blocks.BlocksFor(longest), isPinned: true);
        if (!await work.RunInBackgroundAsync(() => kv.TryGrow(blocks, first: 0, longest, longest)).ConfigureAwait(false))
            throw new HeliosException(Invariant($"The memory budget has no room for the KV of {longest} tokens of '{entry.Info.Name}' at depth {depth}."));

        try
        {
            var point = new ReplayedPoint(depth, planned.Policy!, ExitChoice.Of(entry.Info, depth, planned.Policy!), entry.Facts.Confidence.Current);
            var replay = new PolicyReplay(lease.Served.Device, point, maxRowsPerStep);
            var counted = ImmutableArray.CreateBuilder<Counted>(texts.Length);
            for (var i = 0; i < texts.Length; i++)
            {
                cancellationToken.ThrowIfCancellationRequested();
                var text = texts[i];
                var found = new ReplayedToken[text.Tokens.Length];
                await work.RunInBackgroundAsync(() =>
                {
                    replay.Run(text.Tokens, text.PromptLength, kv.ToArray(), found);
                    return true;
                }).ConfigureAwait(false);
                counted.Add(text.Compare([.. found.Select(token => token.TopId)], fullTopIds[i]));
            }

            return counted.MoveToImmutable();
        }
        finally
        {
            await work.ReleaseAsync(() => kv.Release(blocks)).ConfigureAwait(false);
        }
    }

    private async Task<ModelLease> AcquireAsync(PoolEntry entry, int depth, CancellationToken cancellationToken) =>
        await pool.AcquireAsync(new LoadTarget(entry.Info.Name, depth), cancellationToken: cancellationToken).ConfigureAwait(false) switch
        {
            AcquireResult.Acquired { Lease: ModelLease lease } => lease,
            AcquireResult.NoRoom none => throw new HeliosException(Invariant($"The memory budget has no room for '{entry.Info.Name}' at depth {depth}: {none.NeededBytes} bytes are needed, {none.FreeBytes} are available.")),
            AcquireResult.BackingOff wait => throw new HeliosException(Invariant($"'{entry.Info.Name}' is not tried again for {wait.RetryAfter.TotalSeconds:0.#} s: {wait.Reason}")),
            AcquireResult.Failed failed => throw new HeliosException($"'{entry.Info.Name}' could not be loaded: {failed.Error.Message}", failed.Error),
            var other => throw new InvalidOperationException($"Unexpected {other.GetType().Name}."),
        };
}
