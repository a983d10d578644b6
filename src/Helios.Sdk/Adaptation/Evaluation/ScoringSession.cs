using System.Collections.Immutable;
using Helios.Sdk.Adaptation.Loading;
using Helios.Sdk.Serving.KvCache;
using Helios.Sdk.Serving.Routing;

namespace Helios.Sdk.Adaptation.Evaluation;

/// <summary>
/// The memory to score texts with one model, held from the first text to the last: activations, KV for one layer, and
/// bytes for the layer being staged. What runs on the device thread comes as background items no longer than a step.
/// </summary>
internal sealed class ScoringSession : IAsyncDisposable
{
    private const ExitSignals AllSignals = ExitSignals.Top1 | ExitSignals.Margin | ExitSignals.Entropy;

    private readonly ScoringParts parts;
    private readonly PoolEntry entry;
    private readonly ModelLease lease;
    private readonly int maxTokens;
    private readonly Action ended;
    private readonly long stagingBytes;
    private readonly BlockTable table;
    private MemoryReservation? staging;
    private ILayeredModel? model;

    public ScoringSession(ScoringParts parts, PoolEntry entry, ModelLease lease, int maxTokens, Action ended)
    {
        this.parts = parts;
        this.entry = entry;
        this.lease = lease;
        this.maxTokens = maxTokens;
        this.ended = ended;
        stagingBytes = entry.Size.LayerBytes.Skip(lease.Target.Depth).DefaultIfEmpty(0).Max();
        var a = entry.Info.Architecture;
        table = new BlockTable(new KvShape(1, a.KvHeads, a.HeadDim), parts.Blocks.BlocksFor(maxTokens)) { IsPinned = true };
    }

    /// <summary>Takes the memory; false when it cannot be had.</summary>
    public Task<bool> BeginAsync() => parts.Work.RunInBackgroundAsync(() =>
    {
        var workspace = parts.Backend.MeasureWorkspace(entry.Info.Architecture, maxTokens);
        var kv = parts.Memory.SlabBytesFor(table.Shape, maxTokens);
        if (parts.Memory.Reserve(workspace + kv + stagingBytes, kvBytes: 0).Reservation is not { } bytes) return false;

        // The pool of blocks reserves for itself: nothing comes between giving its part back and growing.
        bytes.Split(kv).Dispose();
        staging = bytes.Split(stagingBytes);
        if (!parts.Blocks.TryGrow(table, maxTokens))
        {
            bytes.Dispose();
            return false;
        }

        model = parts.Backend.Compose(entry.Parts.Fixed, parts.Kv, maxTokens, bytes);
        return true;
    });

    /// <summary>Scores a text.</summary>
    /// <param name="tokens">Ids of the model's tokenizer, at least 1, at most what the session was opened for.</param>
    /// <param name="depths">Depths to read signals at, ascending.</param>
    /// <param name="cancellationToken">Checked between layers.</param>
    /// <exception cref="CheckpointException">A layer could not be read.</exception>
    /// <exception cref="TimeoutException">Reading a layer took longer than a load may.</exception>
    public async Task<ScoredText> ScoreAsync(int[] tokens, ImmutableArray<int> depths, CancellationToken cancellationToken)
    {
        var signals = new List<ExitSignal[]>(depths.Length);
        for (var layer = 0; layer < depths[^1];)
        {
            cancellationToken.ThrowIfCancellationRequested();
            layer = layer < lease.Target.Depth
                ? await RunResidentAsync(layer, tokens, depths, signals).ConfigureAwait(false)
                : await RunStagedAsync(layer, tokens, depths, signals, cancellationToken).ConfigureAwait(false);
        }

        return new ScoredText(depths, signals);
    }

    public async ValueTask DisposeAsync()
    {
        await FreeAsync().ConfigureAwait(false);
        ended();
    }

    /// <summary>Gives the memory back.</summary>
    public async ValueTask FreeAsync()
    {
        try
        {
            await parts.Work.RunUrgentAsync(Free).ConfigureAwait(false);
        }
        catch (OperationCanceledException)
        {
            // The device thread has ended and touches nothing any more.
            Free();
        }

        lease.Dispose();
    }

    /// <summary>
    /// Runs resident layers and returns the next one: all of them in one item when the text is no longer than a step of the
    /// serving loop may be, else one.
    /// </summary>
    private async Task<int> RunResidentAsync(int layer, int[] tokens, ImmutableArray<int> depths, List<ExitSignal[]> signals)
    {
        var resident = entry.Parts.Layers;
        var end = tokens.Length <= parts.MaxRowsPerStep ? Math.Min(lease.Target.Depth, depths[^1]) : layer + 1;
        await parts.Work.RunInBackgroundAsync(() =>
        {
            for (var next = layer; next < end; next++) Run(resident[next], tokens, depths, signals);
            return true;
        }).ConfigureAwait(false);
        return end;
    }

    private async Task<int> RunStagedAsync(int layer, int[] tokens, ImmutableArray<int> depths, List<ExitSignal[]> signals, CancellationToken cancellationToken)
    {
        var started = parts.Time.GetTimestamp();
        var bytes = staging!.Split(entry.Size.LayerBytes[layer]);
        var staged = await parts.Loads.WaitAsync(
            $"Staging layer {layer} of '{entry.Info.Name}'",
            (_, token) => parts.Backend.Loader.LoadLayerAsync(entry.Checkpoint, layer, parts.Precision, bytes, token).AsTask(),
            late => late.Dispose(),
            cancellationToken).ConfigureAwait(false);
        var took = parts.Time.GetElapsedTime(started);
        try
        {
            await parts.Work.RunInBackgroundAsync(() =>
            {
                parts.Work.CountElsewhere(took.TotalSeconds * parts.LoadShare);
                Run(staged, tokens, depths, signals);
                Unstage(staged);
                return true;
            }).ConfigureAwait(false);
        }
        finally
        {
            // Does nothing when it was unstaged; frees it when the device thread ended first.
            staged.Dispose();
        }

        return layer + 1;
    }

    /// <summary>Frees a staged layer and claims its bytes again for the next; on the device thread nothing comes between.</summary>
    private void Unstage(ILayerWeights staged)
    {
        staged.Dispose();
        staging!.Dispose();
        staging = parts.Memory.Retake(stagingBytes);
    }

    private bool Free()
    {
        model?.Dispose();
        model = null;
        staging?.Dispose();
        parts.Blocks.Release(table);
        return true;
    }

    private void Run(ILayerWeights layer, int[] tokens, ImmutableArray<int> depths, List<ExitSignal[]> signals)
    {
        var device = model!;
        device.UseLayers([layer]);
        var batch = new StepRow[tokens.Length];
        for (var i = 0; i < batch.Length; i++) batch[i] = new StepRow(tokens[i], i, FirstBlock: 0, KvDepth: 1);
        device.Begin(new StepBatch { Rows = batch, Blocks = table.Blocks, Resume = layer.Layer > 0 });
        device.Run(new LayerRange(layer.Layer, layer.Layer + 1));
        if (!depths.Contains(layer.Layer + 1)) return;

        var seen = new ExitSignal[tokens.Length];
        device.ReadSignals(new ExitLook { Rows = [.. Enumerable.Range(0, tokens.Length)], Needs = AllSignals, Targets = [.. tokens[1..], -1] }, seen);
        signals.Add(seen);
    }
}
