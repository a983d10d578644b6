using Helios.Sdk.Backends;
using Helios.Sdk.Models;
using Helios.Sdk.TorchSharp.Devices;
using Helios.Sdk.TorchSharp.Memory;
using TorchSharp;

namespace Helios.Sdk.TorchSharp.Loading;

/// <summary>Reads parts of checkpoints into device memory. Thread-safe: it holds no state but the counter.</summary>
internal sealed class TorchLayerLoader(TorchDevice device, AllocationCounter counter) : ILayerLoader
{
    public LoadSize Measure(ICheckpoint checkpoint, Precision precision)
    {
        ArgumentNullException.ThrowIfNull(checkpoint);
        var layers = new long[checkpoint.Info.Architecture.Layers];
        for (var layer = 0; layer < layers.Length; layer++)
        {
            var plan = new LayerPlan(checkpoint, layer, precision, device);
            layers[layer] = device.Take(plan.Bytes);
        }

        var whole = new FixedPlan(checkpoint, precision, device);
        return new LoadSize(device.Take(whole.Bytes), layers);
    }

    public string? HeldAs(TensorType stored, Precision precision) =>
        precision != Precision.Auto ? precision.ToString().ToLowerInvariant()
        : stored.IsQuantised() ? (device.IsCuda ? "bf16" : "fp32")
        : null;

    public ValueTask<IFixedPart> LoadFixedAsync(ICheckpoint checkpoint, Precision precision, MemoryReservation bytes, CancellationToken cancellationToken) =>
        new(Reservations.Load<IFixedPart>(bytes, () =>
        {
            var plan = new FixedPlan(checkpoint, precision, device);
            return Fill(checkpoint, plan.Bytes, bytes, (reader, memory) => new TorchFixedPart(checkpoint.Info.Architecture, plan, reader, memory), cancellationToken);
        }));

    public ValueTask<ILayerWeights> LoadLayerAsync(ICheckpoint checkpoint, int layer, Precision precision, MemoryReservation bytes, CancellationToken cancellationToken) =>
        new(Reservations.Load<ILayerWeights>(bytes, () =>
        {
            var plan = new LayerPlan(checkpoint, layer, precision, device);
            return Fill(checkpoint, plan.Bytes, bytes, (reader, memory) => new TorchLayerWeights(checkpoint.Info.Architecture, layer, plan, reader, memory), cancellationToken);
        }));

    private T Fill<T>(
        ICheckpoint checkpoint, long size, MemoryReservation reservation, Func<PartReader, DeviceBuffer, T> read,
        CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        using var scope = torch.NewDisposeScope();
        var memory = new DeviceBuffer(device, counter, ScalarType.Byte, device.Take(size), reservation);
        try
        {
            using var reader = new PartReader(checkpoint, device, memory, cancellationToken);
            return read(reader, memory);
        }
        catch
        {
            memory.Dispose();
            throw;
        }
    }
}
