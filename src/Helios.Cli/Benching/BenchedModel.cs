using Helios.Cli.Options;
using Helios.Sdk;
using Helios.Sdk.Backends;
using Helios.Sdk.Checkpoints;
using Helios.Sdk.Models;

namespace Helios.Cli.Benching;

/// <summary>What is benched: a folder, or a shape with random weights.</summary>
internal sealed record BenchSource(string? Folder, ModelShape? Shape)
{
    public ICheckpoint Open() => Shape is { } shape ? new RandomCheckpoint(shape) : Checkpoint.Open(Folder!);
}

/// <summary>A model's lower layers on a backend, with nothing of the engine around it.</summary>
internal sealed class BenchedModel : IDisposable
{
    private readonly List<ILayerWeights> layers = [];
    private readonly ICheckpoint checkpoint;
    private readonly Precision precision;
    private IFixedPart? fixedPart;

    private BenchedModel(ICheckpoint checkpoint, IBackend backend, MemoryBudget budget, Precision precision)
    {
        this.checkpoint = checkpoint;
        this.precision = precision;
        Backend = backend;
        Budget = budget;
        Size = backend.Loader.Measure(checkpoint, precision);
    }

    public IBackend Backend { get; }

    public MemoryBudget Budget { get; }

    public CheckpointInfo Info => checkpoint.Info;

    public ModelArchitecture Architecture => checkpoint.Info.Architecture;

    public LoadSize Size { get; }

    /// <summary>How the weights are held.</summary>
    public string PrecisionName => NameOf(precision, Info);

    /// <summary>How weights of a checkpoint are held, as <c>--precision</c> names it.</summary>
    public static string NameOf(Precision precision, CheckpointInfo info) => (precision, info.StoredType) switch
    {
        (Precision.Auto, TensorType.BF16) => "bf16",
        (Precision.Auto, TensorType.F16) => "fp16",
        (Precision.Auto, var stored) when stored.IsQuantised() => stored.ToString().ToLowerInvariant(),
        (Precision.Auto, _) => "fp32",
        _ => PrecisionOption.NameOf(precision),
    };

    /// <summary>Loads a checkpoint's fixed part and first layers.</summary>
    /// <exception cref="HeliosException">The budget does not hold them.</exception>
    public static async Task<BenchedModel> LoadAsync(ICheckpoint checkpoint, IBackend backend, MemoryBudget budget, Precision precision, int depth, CancellationToken cancellationToken)
    {
        var model = new BenchedModel(checkpoint, backend, budget, precision);
        try
        {
            await model.LoadAsync(depth, cancellationToken).ConfigureAwait(false);
            return model;
        }
        catch
        {
            model.Dispose();
            throw;
        }
    }

    /// <summary>Composes a model that runs over this one's weights at their full loaded depth. The caller disposes it.</summary>
    public ILayeredModel Compose(IKvStore kv, int maxRows)
    {
        var device = Backend.Compose(fixedPart!, kv, maxRows, ReserveActivations(maxRows));
        device.UseLayers(layers);
        return device;
    }

    /// <summary>The first layers, to run at a lower depth.</summary>
    public IReadOnlyList<ILayerWeights> LayersTo(int depth) => layers.GetRange(0, depth);

    /// <summary>Bytes of weights that a step at a depth reads, each once.</summary>
    public long BytesRead(int depth) => StepWeights.Measure(Backend.Loader, checkpoint, precision, depth);

    /// <summary>A KV store with blocks for so many times 16 tokens at a depth, and their table: each group of layers has a slab.</summary>
    /// <exception cref="HeliosException">The budget does not hold it.</exception>
    public (IKvStore Kv, KvBlock[] Table) CreateKv(int depth, int blocks, string what)
    {
        var groups = KvGroups.Of(Architecture);
        var shapes = Enumerable.Range(0, groups.Count).Select(group => groups.Shape(group, LayerRange.To(depth))).ToList();
        using var measure = Backend.CreateKvStore(slabBytes: 1, DecodeRig.TokensPerBlock);
        var kv = Backend.CreateKvStore(blocks * shapes.Max(measure.BlockBytes), DecodeRig.TokensPerBlock);
        try
        {
            var slabs = shapes.Select(shape => shape.Layers > 0 ? kv.AddSlab(Reserve(kv.SlabBytes, what)) : KvBlock.None.Slab).ToArray();
            return (kv, [.. Enumerable.Range(0, blocks * slabs.Length).Select(i => slabs[i % slabs.Length] is >= 0 and var slab ? new KvBlock(slab, i / slabs.Length) : KvBlock.None)]);
        }
        catch
        {
            kv.Dispose();
            throw;
        }
    }

    /// <summary>Bytes of the budget for the activations of so many rows.</summary>
    public MemoryReservation ReserveActivations(int rows) => Reserve(Backend.MeasureWorkspace(Architecture, rows), Invariant($"activations of {rows} rows"));

    /// <summary>Bytes of the budget for something that must fit.</summary>
    public MemoryReservation Reserve(long bytes, string what) => Budget.TryReserve(bytes)
        ?? throw new HeliosException(Invariant($"No room for {bytes} bytes of {what}: {Budget.Free} of {Budget.Limit} bytes are free."));

    public void Dispose()
    {
        foreach (var layer in layers) layer.Dispose();
        fixedPart?.Dispose();
    }

    private async Task LoadAsync(int depth, CancellationToken cancellationToken)
    {
        var loader = Backend.Loader;
        fixedPart = await loader.LoadFixedAsync(checkpoint, precision, Reserve(Size.FixedBytes, "embedding and head"), cancellationToken).ConfigureAwait(false);
        for (var layer = 0; layer < depth; layer++)
            layers.Add(await loader.LoadLayerAsync(checkpoint, layer, precision, Reserve(Size.LayerBytes[layer], Invariant($"layer {layer}")), cancellationToken).ConfigureAwait(false));
    }
}
