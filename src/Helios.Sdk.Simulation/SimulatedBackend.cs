using Helios.Sdk.Backends;
using Helios.Sdk.Models;

namespace Helios.Sdk.Simulation;

/// <summary>A backend whose models compute nothing: they take memory from the budget and time on the clock, as the script says.</summary>
internal sealed class SimulatedBackend(SimulatedMachine machine, TextRandom texts) : IBackend, ILayerLoader
{
    public DeviceInfo Device { get; } = new("simulated", "simulated", long.MaxValue);

    public ILayerLoader Loader => this;

    public IKvStore CreateKvStore(long slabBytes, int tokensPerBlock) => new KvStore(slabBytes, tokensPerBlock);

    /// <summary>The script says it of each model, not of its shape: see <see cref="SimulatedModel.WorkspaceBytes"/>.</summary>
    public long MeasureWorkspace(ModelArchitecture architecture, int maxRows) => throw new NotSupportedException("A simulated model's workspace is in the script.");

    public ILayeredModel Compose(IFixedPart fixedPart, IKvStore kv, int maxRows, MemoryReservation bytes) =>
        new SimulatedWalk(((FixedPart)fixedPart).Model, machine, texts, maxRows, bytes);

    public LoadSize Measure(ICheckpoint checkpoint, Precision precision)
    {
        var model = ((SimulatedCheckpoint)checkpoint).Script;
        return new LoadSize(model.FixedBytes, [.. Enumerable.Repeat(model.LayerBytes, model.Layers)]);
    }

    public async ValueTask<IFixedPart> LoadFixedAsync(ICheckpoint checkpoint, Precision precision, MemoryReservation bytes, CancellationToken cancellationToken)
    {
        await ReadAsync(checkpoint, bytes, cancellationToken).ConfigureAwait(false);
        return new FixedPart((SimulatedCheckpoint)checkpoint, bytes);
    }

    public async ValueTask<ILayerWeights> LoadLayerAsync(ICheckpoint checkpoint, int layer, Precision precision, MemoryReservation bytes, CancellationToken cancellationToken)
    {
        await ReadAsync(checkpoint, bytes, cancellationToken).ConfigureAwait(false);
        return new LayerWeights(layer, bytes);
    }

    public void Dispose()
    {
    }

    private async Task ReadAsync(ICheckpoint checkpoint, MemoryReservation bytes, CancellationToken cancellationToken)
    {
        try
        {
            await machine.ReadAsync(checkpoint.Info.Name, bytes.Bytes, cancellationToken).ConfigureAwait(false);
        }
        catch
        {
            bytes.Dispose();
            throw;
        }
    }

    private sealed class FixedPart(SimulatedCheckpoint model, MemoryReservation bytes) : IFixedPart
    {
        public SimulatedCheckpoint Model => model;

        public ModelArchitecture Architecture => model.Info.Architecture;

        public long Bytes => bytes.Bytes;

        public void Dispose() => bytes.Dispose();
    }

    private sealed class LayerWeights(int layer, MemoryReservation bytes) : ILayerWeights
    {
        public int Layer => layer;

        public long Bytes => bytes.Bytes;

        public void Dispose() => bytes.Dispose();
    }

    /// <summary>Slabs of which only the bytes are held: nothing is ever written to KV.</summary>
    private sealed class KvStore(long slabBytes, int tokensPerBlock) : IKvStore
    {
        private readonly List<MemoryReservation?> slabs = [];

        public long SlabBytes => slabBytes;

        public int TokensPerBlock => tokensPerBlock;

        public long BlockBytes(KvShape shape) => (long)tokensPerBlock * shape.Layers * shape.KvHeads * shape.HeadDim;

        public int AddSlab(MemoryReservation bytes)
        {
            var free = slabs.IndexOf(null);
            if (free < 0)
            {
                free = slabs.Count;
                slabs.Add(null);
            }

            slabs[free] = bytes;
            return free;
        }

        public void RemoveSlab(int slab)
        {
            slabs[slab]!.Dispose();
            slabs[slab] = null;
        }

        public void CopyBlock(KvShape shape, KvBlock from, KvBlock to)
        {
        }

        public void Dispose()
        {
            foreach (var slab in slabs) slab?.Dispose();
            slabs.Clear();
        }
    }
}
