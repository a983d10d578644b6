using Helios.Sdk.Backends;
using Helios.Sdk.ExitPolicies;
using Helios.Sdk.Models;

namespace Helios.Backends.Testing.Support;

/// <summary>A backend with a model loaded and composed, and KV blocks handed out one after another. Disposing it checks that every byte was given back.</summary>
public sealed class Session : IDisposable
{
    private readonly BackendUnderTest under;
    private readonly IFixedPart fixedPart;
    private readonly List<ILayerWeights> layers = [];
    private readonly int tokensPerBlock;
    private readonly KvGroups groups;
    private readonly int[] blocksUsed;

    public Session(
        BackendUnderTest under, ICheckpoint checkpoint, int maxRows = 64, int threads = 2, string? variant = null, Precision precision = Precision.Auto,
        int? depth = null, int tokensPerBlock = 16, int blocks = 64, int kvLayers = 0, Precision? kvPrecision = null)
    {
        this.under = under;
        this.tokensPerBlock = tokensPerBlock;
        Architecture = checkpoint.Info.Architecture;
        Depth = depth ?? Architecture.Layers;
        Tolerance = under.ToleranceOf(precision == Precision.Auto && checkpoint is MemoryCheckpoint memory ? memory.AutoPrecision : precision, kvPrecision ?? under.KvPrecisions[0]);
        Backend = under.Create(new BackendSetup(variant, threads, kvPrecision));
        Size = Backend.Loader.Measure(checkpoint, precision);
        fixedPart = Wait(Backend.Loader.LoadFixedAsync(checkpoint, precision, Budget.TryReserve(Size.FixedBytes)!, default));
        for (var layer = 0; layer < Depth; layer++)
            layers.Add(Wait(Backend.Loader.LoadLayerAsync(checkpoint, layer, precision, Budget.TryReserve(Size.LayerBytes[layer])!, default)));
        KvDepth = kvLayers == 0 ? Depth : kvLayers;
        groups = KvGroups.Of(Architecture);
        blocksUsed = new int[groups.Count];
        using var probe = Backend.CreateKvStore(1, tokensPerBlock);
        Kv = Backend.CreateKvStore(Enumerable.Range(0, groups.Count).Max(group => probe.BlockBytes(Shape(group))) * blocks, tokensPerBlock);
        foreach (var _ in blocksUsed) Kv.AddSlab(Budget.TryReserve(Kv.SlabBytes)!);
        Model = Backend.Compose(fixedPart, Kv, maxRows, Budget.TryReserve(Backend.MeasureWorkspace(Architecture, maxRows))!);
        Model.UseLayers(layers);
    }

    public IBackend Backend { get; }

    public MemoryBudget Budget { get; } = new(1L << 32);

    public ModelArchitecture Architecture { get; }

    public LoadSize Size { get; }

    /// <summary>Layers for which KV is kept.</summary>
    public int KvDepth { get; }

    public int Depth { get; }

    public ILayeredModel Model { get; }

    public IReadOnlyList<ILayerWeights> Layers => layers;

    public IKvStore Kv { get; }

    /// <summary>How near the reference this model comes.</summary>
    public Tolerance Tolerance { get; }

    public long AllocatedBytes => under.AllocatedBytes(Backend);

    public static T Wait<T>(ValueTask<T> task) => task.AsTask().GetAwaiter().GetResult();

    /// <summary>What a block of a group holds per token.</summary>
    public KvShape Shape(int group) => groups.Shape(group, LayerRange.To(KvDepth));

    /// <summary>A block table for a sequence of so many tokens; blocks come in an order of no meaning, those of a group from a slab of their own.</summary>
    public KvBlock[] Table(int tokens)
    {
        var count = (tokens + tokensPerBlock - 1) / tokensPerBlock;
        var table = new KvBlock[count * groups.Count];
        for (var i = table.Length - 1; i >= 0; i--)
        {
            var group = i % groups.Count;
            table[i] = Shape(group).Layers == 0 ? KvBlock.None : new KvBlock(group, blocksUsed[group]++);
        }

        return table;
    }

    /// <summary>Puts nothing where no row from a position on needs a block.</summary>
    public void DropBehind(KvBlock[] table, int position)
    {
        for (var group = 0; group < groups.Count; group++)
        {
            for (var block = 0; block < groups.FirstNeeded(group, position) / tokensPerBlock; block++) table[block * groups.Count + group] = KvBlock.None;
        }
    }

    /// <summary>Runs part of one sequence through all layers in one step; returns full signals with targets per row.</summary>
    public ExitSignal[] Run(KvBlock[] table, ReadOnlySpan<int> tokens, int start)
    {
        var rows = new StepRow[tokens.Length];
        for (var i = 0; i < rows.Length; i++) rows[i] = new StepRow(tokens[i], start + i, 0, KvDepth);
        Model.Begin(new StepBatch { Rows = rows, Blocks = table });
        Model.Run(LayerRange.To(Depth));
        var signals = Check(rows.Length);
        Model.Retire(Enumerable.Range(0, rows.Length).ToArray());
        return signals;
    }

    /// <summary>All signals of the first rows of a step, each with target (row index modulo vocabulary).</summary>
    public ExitSignal[] Check(int count)
    {
        var signals = new ExitSignal[count];
        var all = Enumerable.Range(0, count).ToArray();
        Model.ReadSignals(
            new ExitCheck
            {
                Rows = all,
                Needs = ExitSignals.Top1 | ExitSignals.Margin | ExitSignals.Entropy,
                Targets = all.Select(i => i % Architecture.VocabularySize).ToArray(),
            },
            signals);
        return signals;
    }

    /// <summary>The likeliest tokens of the first rows of a step.</summary>
    public SampledToken[] Greedy(int count) => Greedy([.. Enumerable.Range(0, count)]);

    /// <summary>The likeliest tokens of some rows of a step.</summary>
    public SampledToken[] Greedy(int[] rows, ExitSignals needs = ExitSignals.Top1)
    {
        var tokens = new SampledToken[rows.Length];
        Model.Sample(rows.Select(row => new SampleRow(row, 0, 0, 1, 0, needs)).ToArray(), tokens);
        return tokens;
    }

    /// <summary>
    /// Signals that this backend may give for what it also gave others for: the same bits, or, where the batch has a say in them,
    /// as near as two results that are each within the tolerance, with the same top token unless two tokens all but tie.
    /// </summary>
    public void MustBeSame(ExitSignal got, ExitSignal expected, string because = "")
    {
        if (got == expected) return;
        under.BitExact.Should().BeFalse($"{got} and {expected} differ: {because}");
        var (probability, logProbability) = ((float)(2 * Tolerance.Probability), (float)(2 * Tolerance.LogProbability));
        if (expected.Margin > probability) got.TopId.Should().Be(expected.TopId, because);
        got.Top1.Should().BeApproximately(expected.Top1, probability, because);
        got.Margin.Should().BeApproximately(expected.Margin, probability, because);
        got.Entropy.Should().BeApproximately(expected.Entropy, logProbability, because);
        got.TargetLogProbability.Should().BeApproximately(expected.TargetLogProbability, logProbability, because);
    }

    /// <summary>The same of several rows.</summary>
    public void MustBeSame(IReadOnlyList<ExitSignal> got, IReadOnlyList<ExitSignal> expected, string because = "")
    {
        got.Should().HaveSameCount(expected, because);
        for (var i = 0; i < got.Count; i++) MustBeSame(got[i], expected[i], $"row {i}, {because}");
    }

    /// <summary>The same, but for the target, which depends on the row's place in the check.</summary>
    public void MustBeSameButTarget(ExitSignal got, ExitSignal expected, string because = "") =>
        MustBeSame(got with { TargetLogProbability = 0 }, expected with { TargetLogProbability = 0 }, because);

    public void Dispose()
    {
        Model.Dispose();
        Kv.Dispose();
        foreach (var layer in layers) layer.Dispose();
        fixedPart.Dispose();
        Budget.Used.Should().Be(0);
        AllocatedBytes.Should().Be(0);
        Backend.Dispose();
    }
}
