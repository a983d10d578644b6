namespace Helios.Sdk.Cpu.Tests.Support;

/// <summary>A backend with a model loaded and composed, and KV blocks handed out one after another.</summary>
internal sealed class Session : IDisposable
{
    private readonly IFixedPart fixedPart;
    private readonly List<ILayerWeights> layers = [];
    private readonly IKvStore kv;
    private readonly int tokensPerBlock;
    private int blocksUsed;

    public Session(
        RandomCheckpoint checkpoint, int maxRows = 64, int threads = 2, int? width = null, Precision precision = Precision.Auto,
        int? depth = null, int tokensPerBlock = 16, int blocks = 64, int kvLayers = 0, Precision kvPrecision = Precision.Fp32)
    {
        this.tokensPerBlock = tokensPerBlock;
        Architecture = checkpoint.Info.Architecture;
        Depth = depth ?? Architecture.Layers;
        Backend = new CpuBackend(new CpuOptions { Threads = threads, VectorWidth = width, KvPrecision = kvPrecision });
        Size = Backend.Loader.Measure(checkpoint, precision);
        fixedPart = Wait(Backend.Loader.LoadFixedAsync(checkpoint, precision, Budget.TryReserve(Size.FixedBytes)!, default));
        for (var layer = 0; layer < Depth; layer++)
            layers.Add(Wait(Backend.Loader.LoadLayerAsync(checkpoint, layer, precision, Budget.TryReserve(Size.LayerBytes[layer])!, default)));
        Shape = new KvShape(kvLayers == 0 ? Depth : kvLayers, Architecture.KvHeads, Architecture.HeadDim);
        using var probe = Backend.CreateKvStore(1, tokensPerBlock);
        kv = Backend.CreateKvStore(probe.BlockBytes(Shape) * blocks, tokensPerBlock);
        kv.AddSlab(Budget.TryReserve(kv.SlabBytes)!);
        Model = Backend.Compose(fixedPart, kv, maxRows, Budget.TryReserve(Backend.MeasureWorkspace(Architecture, maxRows))!);
        Model.UseLayers(layers);
    }

    public CpuBackend Backend { get; }

    public MemoryBudget Budget { get; } = new(1L << 32);

    public ModelArchitecture Architecture { get; }

    public LoadSize Size { get; }

    public KvShape Shape { get; }

    public int Depth { get; }

    public ILayeredModel Model { get; }

    public IReadOnlyList<ILayerWeights> Layers => layers;

    public IKvStore Kv => kv;

    public static T Wait<T>(ValueTask<T> task) => task.AsTask().GetAwaiter().GetResult();

    /// <summary>A block table for a sequence of so many tokens; blocks come in an order of no meaning.</summary>
    public KvBlock[] Table(int tokens)
    {
        var count = (tokens + tokensPerBlock - 1) / tokensPerBlock;
        var table = new KvBlock[count];
        for (var i = 0; i < count; i++) table[count - 1 - i] = new KvBlock(0, blocksUsed++);
        return table;
    }

    /// <summary>Runs part of one sequence through all layers in one step; returns full signals with targets per row.</summary>
    public ExitSignal[] Run(KvBlock[] table, ReadOnlySpan<int> tokens, int start, int? depth = null, bool retire = true)
    {
        var rows = new StepRow[tokens.Length];
        for (var i = 0; i < rows.Length; i++) rows[i] = new StepRow(tokens[i], start + i, 0, Shape.Layers);
        Model.Begin(new StepBatch { Rows = rows, Blocks = table });
        Model.Run(LayerRange.To(depth ?? Depth));
        var signals = Look(rows.Length);
        if (retire) Model.Retire(Enumerable.Range(0, rows.Length).ToArray());
        return signals;
    }

    /// <summary>All signals of the first rows of a step, each with target (row index modulo vocabulary).</summary>
    public ExitSignal[] Look(int count)
    {
        var signals = new ExitSignal[count];
        var all = Enumerable.Range(0, count).ToArray();
        Model.ReadSignals(
            new ExitLook
            {
                Rows = all,
                Needs = ExitSignals.Top1 | ExitSignals.Margin | ExitSignals.Entropy,
                Targets = all.Select(i => i % Architecture.VocabularySize).ToArray(),
            },
            signals);
        return signals;
    }

    public void Dispose()
    {
        Model.Dispose();
        kv.Dispose();
        foreach (var layer in layers) layer.Dispose();
        fixedPart.Dispose();
        Budget.Used.Should().Be(0);
        Backend.AllocatedBytes.Should().Be(0);
        Backend.Dispose();
    }
}
