using System.Collections.Immutable;
using Helios.Sdk.Adaptation.Loading;
using Helios.Sdk.Backends;
using Helios.Sdk.Models;
using Helios.Sdk.Serving.KvCache;
using Helios.Sdk.Serving.Routing;

namespace Helios.Sdk.Adaptation.Scoring;

/// <summary>
/// The memory to score groups of texts with one model, held from the first group to the last: activations, KV for one layer, and
/// bytes for the layer being staged. What runs on the device thread comes as background items no longer than a step.
/// </summary>
internal sealed class ScoringSession : IAsyncDisposable
{
    private readonly ScoringParts parts;
    private readonly PoolEntry entry;
    private readonly ModelLease lease;
    private readonly Action ended;
    private readonly long stagingBytes;
    private readonly KvGroups groups;
    private readonly Dictionary<KvShape, BlockTable> tables = [];
    private KvBlock[] laid = [];
    private MemoryReservation? staging;
    private ILayeredModel? model;

    /// <param name="parts">What scoring works with.</param>
    /// <param name="entry">The model.</param>
    /// <param name="lease">On the layers of it that are resident; the session disposes it.</param>
    /// <param name="ended">Called when the session was disposed.</param>
    public ScoringSession(ScoringParts parts, PoolEntry entry, ModelLease lease, Action ended)
    {
        this.parts = parts;
        this.entry = entry;
        this.lease = lease;
        this.ended = ended;
        groups = KvGroups.Of(entry.Info.Architecture);
        stagingBytes = entry.Size.LayerBytes.Skip(lease.Target.Depth).DefaultIfEmpty(0).Max();
    }

    /// <summary>The texts, in the groups that there is memory for.</summary>
    public IReadOnlyList<TextGroup> Groups { get; private set; } = [];

    /// <summary>
    /// Takes the memory to score texts in groups of no more rows than a step of the serving loop, or, where that cannot be had, one
    /// by one; false when that cannot be had either.
    /// </summary>
    /// <param name="texts">Ids of the model's tokenizer, at least one text of at least one token.</param>
    public Task<bool> BeginAsync(IReadOnlyList<int[]> texts) => parts.Work.RunInBackgroundAsync(() =>
        TryBegin(TextGroup.Cut(texts, parts.MaxRowsPerStep)) || TryBegin(TextGroup.Cut(texts, mostTokens: 0)));

    private bool TryBegin(IReadOnlyList<TextGroup> textGroups)
    {
        var maxRows = textGroups.Max(group => group.Tokens);
        var maxBlocks = textGroups.Max(group => group.Texts.Sum(text => parts.Blocks.BlocksFor(text.Length)));
        var a = entry.Info.Architecture;
        var shapes = Enumerable.Range(0, a.Layers).Select(ShapeOf).Distinct().ToList();
        var workspace = parts.Backend.MeasureWorkspace(a, maxRows);
        var kv = shapes.Sum(shape => parts.Blocks.SlabBytesFor(shape, maxBlocks));
        if (parts.Memory.Reserve(workspace + kv + stagingBytes, kvBytes: 0).Reservation is not { } bytes) return false;

        // The pool of blocks reserves for itself: nothing comes between giving its part back and growing.
        bytes.Split(kv).Dispose();
        var forStaging = bytes.Split(stagingBytes);
        foreach (var shape in shapes)
        {
            var table = tables[shape] = new BlockTable(shape, maxBlocks) { IsPinned = true };
            if (parts.Blocks.TryGrow(table, maxBlocks * parts.Blocks.TokensPerBlock)) continue;
            ReleaseTables();
            forStaging.Dispose();
            bytes.Dispose();
            return false;
        }

        (Groups, staging) = (textGroups, forStaging);
        laid = new KvBlock[maxBlocks * groups.Count];
        model = parts.Backend.Compose(entry.Parts.Fixed, parts.Kv, maxRows, bytes);
        return true;
    }

    /// <summary>Scores the texts of a group, each as if it were alone.</summary>
    /// <param name="group">Ids of the model's tokenizer; one of <see cref="Groups"/>.</param>
    /// <param name="depths">Depths to read signals at, ascending.</param>
    /// <param name="cancellationToken">Checked between layers.</param>
    /// <exception cref="CheckpointException">A layer could not be read.</exception>
    /// <exception cref="TimeoutException">Reading a layer took longer than a load may.</exception>
    public async Task<ScoredGroup> ScoreAsync(TextGroup group, ImmutableArray<int> depths, CancellationToken cancellationToken)
    {
        var pass = new ScoringPass(group, depths, new TableForm(parts.Blocks.TokensPerBlock, groups.Count), parts.Time);
        for (var layer = 0; layer < depths[^1];)
        {
            cancellationToken.ThrowIfCancellationRequested();
            layer = layer < lease.Target.Depth
                ? await RunResidentAsync(layer, pass).ConfigureAwait(false)
                : await RunStagedAsync(layer, pass, cancellationToken).ConfigureAwait(false);
        }

        return pass.Result();
    }

    public async ValueTask DisposeAsync()
    {
        await FreeAsync().ConfigureAwait(false);
        ended();
    }

    /// <summary>Gives the memory back.</summary>
    public async ValueTask FreeAsync()
    {
        await parts.Work.ReleaseAsync(Free).ConfigureAwait(false);
        lease.Dispose();
    }

    /// <summary>
    /// Runs resident layers and returns the next one: all of them in one item when the group has no more rows than a step of the
    /// serving loop may have, else one.
    /// </summary>
    private async Task<int> RunResidentAsync(int layer, ScoringPass pass)
    {
        var resident = entry.Parts.Layers;
        var end = pass.Rows <= parts.MaxRowsPerStep ? Math.Min(lease.Target.Depth, pass.Depths[^1]) : layer + 1;
        await parts.Work.RunInBackgroundAsync(() =>
        {
            for (var next = layer; next < end; next++) pass.Run(model!, resident[next], BlocksOf(next));
            return true;
        }).ConfigureAwait(false);
        return end;
    }

    private async Task<int> RunStagedAsync(int layer, ScoringPass pass, CancellationToken cancellationToken)
    {
        var started = parts.Time.GetTimestamp();
        var bytes = staging!.Split(entry.Size.LayerBytes[layer]);
        var staged = await parts.Loads.WaitAsync(
            Invariant($"Staging layer {layer} of '{entry.Info.Name}'"),
            (_, token) => parts.Backend.Loader.LoadLayerAsync(entry.Checkpoint, layer, parts.Precision, bytes, token).AsTask(),
            late => late.Dispose(),
            cancellationToken).ConfigureAwait(false);
        var took = parts.Time.GetElapsedTime(started);
        try
        {
            await parts.Work.RunInBackgroundAsync(() =>
            {
                parts.Work.CountElsewhere(took.TotalSeconds * parts.LoadShare);
                pass.Run(model!, staged, BlocksOf(layer));
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

    private void Free()
    {
        model?.Dispose();
        model = null;
        staging?.Dispose();
        ReleaseTables();
    }

    /// <summary>What a block holds of a layer alone.</summary>
    private KvShape ShapeOf(int layer) => groups.Shape(groups.GroupOf(layer), new LayerRange(layer, layer + 1));

    /// <summary>The blocks of all texts as a step of one layer takes them. Device thread: between two items the pool may have moved them.</summary>
    private ReadOnlySpan<KvBlock> BlocksOf(int layer)
    {
        var blocks = tables[ShapeOf(layer)].Blocks;
        if (groups.Count == 1) return blocks;
        laid.AsSpan().Fill(KvBlock.None);
        for (var i = 0; i < blocks.Length; i++) laid[i * groups.Count + groups.GroupOf(layer)] = blocks[i];
        return laid;
    }

    private void ReleaseTables()
    {
        foreach (var table in tables.Values) parts.Blocks.Release(table);
        tables.Clear();
    }
}
