using System.Collections.Immutable;
using Helios.Sdk.Adaptation.Loading;
using Helios.Sdk.Backends;
using Helios.Sdk.ExitPolicies;
using Helios.Sdk.Models;
using Helios.Sdk.Serving;
using Helios.Sdk.Serving.Decoding;
using Helios.Sdk.Serving.KvCache;
using Helios.Sdk.Serving.Routing;

namespace Helios.Sdk.Adaptation.Scoring;

/// <summary>
/// Scores texts teacher-forced at full depth, with taps at every exit, whatever is loaded: layers on the device are used
/// where they are, the others pass one by one through a staging buffer. So it needs the fixed part, one layer,
/// activations and KV for one layer, which it takes as a load takes its bytes: free ones, empty slabs, then preemption.
/// One session at a time.
/// </summary>
internal sealed class LayerwiseScorer(ScoringParts parts) : IDisposable
{
    private readonly SemaphoreSlim turn = new(1, 1);
    private readonly CancellationTokenSource closing = new();

    /// <summary>Takes the memory to score texts with a model; null when it cannot be had beside the active point. The caller disposes the session.</summary>
    /// <param name="entry">The model.</param>
    /// <param name="texts">Ids of each text, at least one of at least one token.</param>
    /// <param name="cancellationToken">Checked while loading.</param>
    /// <exception cref="HeliosException">The model could not be loaded.</exception>
    /// <exception cref="TimeoutException">Loading took longer than it may.</exception>
    public async Task<ScoringSession?> OpenAsync(PoolEntry entry, IReadOnlyList<int[]> texts, CancellationToken cancellationToken)
    {
        using var either = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, closing.Token);
        await turn.WaitAsync(either.Token).ConfigureAwait(false);
        ScoringSession? session = null;
        try
        {
            return session = await BeginAsync(entry, texts, cancellationToken).ConfigureAwait(false);
        }
        finally
        {
            if (session is null) turn.Release();
        }
    }

    /// <summary>Waits for the session under way and for loads left behind, and lets none follow. The device thread has ended: they end by themselves.</summary>
    public async Task CloseAsync()
    {
        await closing.CancelAsync().ConfigureAwait(false);
        await turn.WaitAsync().ConfigureAwait(false);
        await parts.Loads.EndAsync().ConfigureAwait(false);
    }

    public void Dispose()
    {
        turn.Dispose();
        closing.Dispose();
    }

    private async Task<ScoringSession?> BeginAsync(PoolEntry entry, IReadOnlyList<int[]> texts, CancellationToken cancellationToken)
    {
        var acquired = await parts.Loads.WaitAsync(
            $"Loading '{entry.Info.Name}' for scoring",
            (progress, token) => parts.Pool.AcquireLoadedAsync(entry, progress, token).AsTask(),
            late => (late as AcquireResult.Acquired)?.Lease.Dispose(),
            cancellationToken).ConfigureAwait(false);
        if (acquired is AcquireResult.Failed failed) throw new HeliosException($"'{entry.Info.Name}' could not be loaded for scoring: {failed.Error.Message}", failed.Error);
        if (acquired is AcquireResult.BackingOff wait) throw new HeliosException(Invariant($"'{entry.Info.Name}' is not tried again for {wait.RetryAfter.TotalSeconds:0.#} s: {wait.Reason}"));
        if (acquired is not AcquireResult.Acquired { Lease: ModelLease lease }) return null;

        var session = new ScoringSession(parts, entry, lease, () => turn.Release());
        var begun = false;
        try
        {
            begun = await session.BeginAsync(texts).ConfigureAwait(false);
            return begun ? session : null;
        }
        finally
        {
            if (!begun) await session.FreeAsync().ConfigureAwait(false);
        }
    }
}

/// <summary>What scoring works with.</summary>
internal sealed record ScoringParts(IBackend Backend, IKvStore Kv, BlockPool Blocks, ModelPool Pool, KvReclaimer Memory, DeviceWork Work, Precision Precision, int MaxRowsPerStep)
{
    /// <summary>Share of the machine that reading a layer takes while it lasts, 0..1; see <see cref="AdaptationOptions.MaxLoadShare"/>.</summary>
    public double LoadShare { get; init; } = 1.0 / Environment.ProcessorCount;

    /// <summary>Clock.</summary>
    public TimeProvider Time { get; init; } = TimeProvider.System;

    /// <summary>How long a layer, or the fixed part, may take to load.</summary>
    public required LoadLimit Loads { get; init; }
}

/// <summary>Signals of a scored text: <c>[depth][position]</c>; the target of a position is the token behind it, the last position has none.</summary>
/// <param name="Depths">Depths, ascending.</param>
/// <param name="Signals">One array per depth, one signal per token of the text.</param>
internal sealed record ScoredText(ImmutableArray<int> Depths, IReadOnlyList<ExitSignal[]> Signals);

/// <summary>What came of a group.</summary>
/// <param name="Texts">Its texts, in their order.</param>
/// <param name="Timing">What it took to run its rows through the layers: to a cost model it is a step like any other.</param>
internal sealed record ScoredGroup(ImmutableArray<ScoredText> Texts, StepTiming Timing);
