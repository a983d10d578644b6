using Helios.Sdk.Backends;
using Helios.Sdk.Cpu.Formats;
using Helios.Sdk.Cpu.Memory;
using Helios.Sdk.Models;

namespace Helios.Sdk.Cpu.Loading;

/// <summary>Reads parts of checkpoints and packs them into native memory. Thread-safe: it holds no state but the counter.</summary>
internal sealed class CpuLayerLoader(AllocationCounter counter) : ILayerLoader
{
    public LoadSize Measure(ICheckpoint checkpoint, Precision precision)
    {
        ArgumentNullException.ThrowIfNull(checkpoint);
        var layers = new long[checkpoint.Info.Architecture.Layers];
        for (var layer = 0; layer < layers.Length; layer++) layers[layer] = new LayerPlan(checkpoint, layer, precision).Bytes;
        return new LoadSize(new FixedPlan(checkpoint, precision).Bytes, layers);
    }

    public string? HeldAs(TensorType stored, Precision precision)
    {
        if (precision != Precision.Auto) return precision.ToString().ToLowerInvariant();
        if (!stored.IsQuantised()) return stored switch { TensorType.BF16 => "bf16", TensorType.F16 => "fp16", _ => "fp32" };
        var format = BlockPacking.IsNibble(stored) ? WeightFormat.Block4 : WeightFormat.Block8;
        var bits = 8.0 * PackedMatrix.Bytes(format, 1, TensorBlocks.LargestBlock, BlockPacking.Groups(format, [stored])) / (PackedMatrix.BlockRows * TensorBlocks.LargestBlock);
        return Invariant($"as stored, {(format == WeightFormat.Block4 ? 4 : 8)}-bit integers, {bits} bits a weight");
    }

    public ValueTask<IFixedPart> LoadFixedAsync(ICheckpoint checkpoint, Precision precision, MemoryReservation bytes, CancellationToken cancellationToken) =>
        new(Reservations.Load<IFixedPart>(bytes, () =>
        {
            var plan = new FixedPlan(checkpoint, precision);
            return Fill(checkpoint, plan.Bytes, bytes, (reader, memory) => new CpuFixedPart(checkpoint.Info.Architecture, plan, reader, memory, bytes), cancellationToken);
        }));

    public ValueTask<ILayerWeights> LoadLayerAsync(ICheckpoint checkpoint, int layer, Precision precision, MemoryReservation bytes, CancellationToken cancellationToken) =>
        new(Reservations.Load<ILayerWeights>(bytes, () =>
        {
            var plan = new LayerPlan(checkpoint, layer, precision);
            return Fill(checkpoint, plan.Bytes, bytes, (reader, memory) => new CpuLayerWeights(checkpoint.Info.Architecture, layer, plan, reader, memory, bytes), cancellationToken);
        }));

    private T Fill<T>(ICheckpoint checkpoint, long bytes, MemoryReservation reservation, Func<WeightReader, NativeBuffer, T> read, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        Reservations.Fit(reservation, bytes);
        var memory = new NativeBuffer(counter, bytes);
        try
        {
            using var reader = new WeightReader(checkpoint, memory, cancellationToken);
            return read(reader, memory);
        }
        catch
        {
            memory.Dispose();
            throw;
        }
    }
}
