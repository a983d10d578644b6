using Helios.Sdk;
using Helios.Sdk.Backends;
using Helios.Sdk.Models;

namespace Helios.ModelBench.Endurance;

/// <summary>A backend on which, once <see cref="Rate"/> is above 0, parts of models fail to load and slabs cannot be allocated. Thread-safe.</summary>
internal sealed class FaultyBackend(IBackend inner, int seed) : IBackend, ILayerLoader
{
    private const string NoDisk = "The disk is gone.";
    private const string Cut = "The file was cut.";
    private const string NoMemory = "The device has no such memory.";

    private readonly Lock gate = new();
    private readonly Random random = new(seed);
    private int loads;
    private int slabs;

    /// <summary>Probability of a fault at each load of a part, and at each slab.</summary>
    public double Rate { get; set; }

    /// <summary>What the faults say.</summary>
    public static IReadOnlyList<string> Messages { get; } = [NoDisk, Cut, NoMemory];

    /// <summary>Loads that failed.</summary>
    public int FailedLoads => loads;

    /// <summary>Slabs that were not allocated.</summary>
    public int FailedSlabs => slabs;

    public DeviceInfo Device => inner.Device;

    public ILayerLoader Loader => this;

    public IKvStore CreateKvStore(long slabBytes, int tokensPerBlock) => new FaultyKvStore(inner.CreateKvStore(slabBytes, tokensPerBlock), this);

    public long MeasureWorkspace(ModelArchitecture architecture, int maxRows) => inner.MeasureWorkspace(architecture, maxRows);

    public ILayeredModel Compose(IFixedPart fixedPart, IKvStore kv, int maxRows, MemoryReservation bytes) => inner.Compose(fixedPart, ((FaultyKvStore)kv).Inner, maxRows, bytes);

    public LoadSize Measure(ICheckpoint checkpoint, Precision precision) => inner.Loader.Measure(checkpoint, precision);

    public ValueTask<IFixedPart> LoadFixedAsync(ICheckpoint checkpoint, Precision precision, MemoryReservation bytes, CancellationToken cancellationToken)
    {
        FailSometimes(bytes);
        return inner.Loader.LoadFixedAsync(checkpoint, precision, bytes, cancellationToken);
    }

    public ValueTask<ILayerWeights> LoadLayerAsync(ICheckpoint checkpoint, int layer, Precision precision, MemoryReservation bytes, CancellationToken cancellationToken)
    {
        FailSometimes(bytes);
        return inner.Loader.LoadLayerAsync(checkpoint, layer, precision, bytes, cancellationToken);
    }

    public void Dispose() => inner.Dispose();

    private bool Fails(ref int count, out int kind)
    {
        lock (gate)
        {
            kind = random.Next(3);
            if (random.NextDouble() >= Rate) return false;
        }

        Interlocked.Increment(ref count);
        return true;
    }

    /// <summary>A load that fails gives its bytes back.</summary>
    private void FailSometimes(MemoryReservation bytes)
    {
        if (!Fails(ref loads, out var kind)) return;
        bytes.Dispose();
        throw kind switch
        {
            0 => new IOException(NoDisk),
            1 => new CheckpointException(Cut),
            _ => OutOfMemory(),
        };
    }

    /// <summary>As the contract of backends has it.</summary>
    private static InsufficientMemoryException OutOfMemory() => new(NoMemory);

    private sealed class FaultyKvStore(IKvStore inner, FaultyBackend backend) : IKvStore
    {
        public IKvStore Inner => inner;

        public long SlabBytes => inner.SlabBytes;

        public int TokensPerBlock => inner.TokensPerBlock;

        public long BlockBytes(KvShape shape) => inner.BlockBytes(shape);

        public int AddSlab(MemoryReservation bytes)
        {
            if (!backend.Fails(ref backend.slabs, out _)) return inner.AddSlab(bytes);
            bytes.Dispose();
            throw OutOfMemory();
        }

        public void RemoveSlab(int slab) => inner.RemoveSlab(slab);

        public void CopyBlock(KvShape shape, KvBlock from, KvBlock to) => inner.CopyBlock(shape, from, to);

        public void Dispose() => inner.Dispose();
    }
}
