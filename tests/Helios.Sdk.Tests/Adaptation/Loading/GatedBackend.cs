using Helios.Sdk.Backends;
using Helios.Sdk.Models;

namespace Helios.Sdk.Tests.Adaptation.Loading;

/// <summary>A backend whose loads stop before a layer until they are let go on, and whose reads may fail.</summary>
internal sealed class GatedBackend(IBackend inner) : IBackend, ILayerLoader
{
    private readonly Dictionary<(string Model, int Layer), (TaskCompletionSource Reached, TaskCompletionSource Open)> gates = [];

    public DeviceInfo Device => inner.Device;

    public ILayerLoader Loader => this;

    /// <summary>Called before each read of a tensor.</summary>
    public Action<StoredTensor>? BeforeRead { get; set; }

    /// <summary>Layers and fixed parts that were asked for, in order; -1 is a fixed part.</summary>
    public List<(string Model, int Layer)> Asked { get; } = [];

    /// <summary>Closes the gate before a layer. The task completes when a load stands there.</summary>
    public Task CloseBefore(string model, int layer)
    {
        var gate = (new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously), new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously));
        lock (gates) gates[(model, layer)] = gate;
        return gate.Item1.Task.WaitAsync(TimeSpan.FromSeconds(60));
    }

    public void Open(string model, int layer)
    {
        lock (gates)
        {
            if (gates.Remove((model, layer), out var gate)) gate.Open.SetResult();
        }
    }

    public IKvStore CreateKvStore(long slabBytes, int tokensPerBlock) => inner.CreateKvStore(slabBytes, tokensPerBlock);

    public long MeasureWorkspace(ModelArchitecture architecture, int maxRows) => inner.MeasureWorkspace(architecture, maxRows);

    public ILayeredModel Compose(IFixedPart fixedPart, IKvStore kv, int maxRows, MemoryReservation bytes) => inner.Compose(fixedPart, kv, maxRows, bytes);

    public LoadSize Measure(ICheckpoint checkpoint, Precision precision) => inner.Loader.Measure(checkpoint, precision);

    public async ValueTask<IFixedPart> LoadFixedAsync(ICheckpoint checkpoint, Precision precision, MemoryReservation bytes, CancellationToken cancellationToken)
    {
        await PassAsync(checkpoint.Info.Name, -1);
        return await inner.Loader.LoadFixedAsync(Watched(checkpoint), precision, bytes, cancellationToken);
    }

    public async ValueTask<ILayerWeights> LoadLayerAsync(ICheckpoint checkpoint, int layer, Precision precision, MemoryReservation bytes, CancellationToken cancellationToken)
    {
        await PassAsync(checkpoint.Info.Name, layer);
        return await inner.Loader.LoadLayerAsync(Watched(checkpoint), layer, precision, bytes, cancellationToken);
    }

    public void Dispose() => inner.Dispose();

    private ICheckpoint Watched(ICheckpoint checkpoint) => BeforeRead is { } before ? new WatchedCheckpoint(checkpoint, before) : checkpoint;

    private Task PassAsync(string model, int layer)
    {
        lock (gates)
        {
            Asked.Add((model, layer));
            if (!gates.TryGetValue((model, layer), out var gate)) return Task.CompletedTask;
            gate.Reached.TrySetResult();
            return gate.Open.Task;
        }
    }

    private sealed class WatchedCheckpoint(ICheckpoint inner, Action<StoredTensor> before) : ICheckpoint
    {
        public CheckpointInfo Info => inner.Info;

        public bool TryGetTensor(TensorKey key, out StoredTensor tensor) => inner.TryGetTensor(key, out tensor);

        public void Read(StoredTensor tensor, long offset, Span<byte> destination)
        {
            before(tensor);
            inner.Read(tensor, offset, destination);
        }

        public void Dispose() => inner.Dispose();
    }
}
