using System.Buffers;
using Helios.Sdk.Cpu.Formats;
using Helios.Sdk.Cpu.Memory;
using Helios.Sdk.Models;

namespace Helios.Sdk.Cpu.Loading;

/// <summary>Reads planned tensors through one staging buffer into the memory of a part. Dispose it to return the buffer.</summary>
internal sealed unsafe class WeightReader(ICheckpoint checkpoint, NativeBuffer memory, CancellationToken cancellationToken) : IDisposable
{
    /// <summary>Read and packed in about a millisecond: a load that is to leave room for serving pauses between reads.</summary>
    private const int StagingBytes = 1 << 20;

    private byte[] staging = [];

    public CpuNorm? Read(NormPlan? plan) => plan is null ? null : new CpuNorm(plan.Layout, Read(plan.Weight), Read(plan.Bias));

    public CpuLinear Read(LinearPlan plan) => new(Read(plan.Weight), Read(plan.Bias));

    public PackedMatrix Read(MatrixPlan plan)
    {
        var matrix = new PackedMatrix((float*)(memory.Pointer + plan.Offset), plan.Format, plan.Blocks, plan.Columns, plan.Groups);
        if (plan.Columns % 2 != 0 && !matrix.Quantised) Clear(matrix, 0, plan.Blocks);
        foreach (var segment in plan.Segments)
        {
            var tensor = segment.Tensor;
            var lastRow = segment.Start + tensor.Rows;
            if (tensor.Rows % PackedMatrix.BlockRows != 0) Clear(matrix, lastRow / PackedMatrix.BlockRows, 1);
            ReadRows(tensor, tensor, (source, row, rows) =>
            {
                if (matrix.Format == WeightFormat.Fp16 && tensor.Type != TensorType.F16) RequireHalves((byte*)source, tensor, rows);
                WeightCodec.Pack((byte*)source, tensor.Type, matrix, segment.Start + row, rows);
            });
        }

        return matrix;
    }

    private float* Read(VectorPlan? plan)
    {
        if (plan is null) return null;
        var values = (float*)(memory.Pointer + plan.Offset);
        new Span<float>(values, plan.Padded).Clear();
        foreach (var (tensor, start) in plan.Segments)
        {
            ReadRows(tensor with { Rows = 1, Columns = (int)tensor.Elements }, tensor, (source, _, _) =>
                WeightCodec.Convert((byte*)source, tensor.Type, values + start, tensor.Elements));
            if (plan.Addend == 0) continue;
            foreach (ref var value in new Span<float>(values + start, (int)tensor.Elements)) value += plan.Addend;
        }

        return values;
    }

    public void Dispose()
    {
        if (staging.Length > 0) ArrayPool<byte>.Shared.Return(staging);
        staging = [];
    }

    private void RequireHalves(byte* source, StoredTensor tensor, int rows)
    {
        if (WeightCodec.FindBeyondHalf(source, tensor.Type, checked(rows * tensor.Columns)) is not { } beyond) return;
        throw new CheckpointException(Invariant($"{checkpoint.Info.Path}: the tensor '{tensor.Name}' has {beyond}, expected at most {HalfRows.Largest} in magnitude, the largest number of Precision.Fp16; Bf16 and Fp32 hold it."));
    }

    private static void Clear(PackedMatrix matrix, int firstBlock, int blocks)
    {
        var start = (byte*)matrix.Data + firstBlock * matrix.BlockBytes;
        System.Runtime.InteropServices.NativeMemory.Clear(start, (nuint)(blocks * matrix.BlockBytes));
    }

    // Whole rows at a time, as many as the staging buffer holds.
    private void ReadRows(StoredTensor shape, StoredTensor tensor, Action<nint, int, int> take)
    {
        var rowBytes = shape.RowBytes;
        var step = (int)Math.Clamp(StagingBytes / Math.Max(1, rowBytes), 1, shape.Rows);
        var needed = checked((int)(step * rowBytes));
        if (staging.Length < needed)
        {
            Dispose();
            staging = ArrayPool<byte>.Shared.Rent(needed);
        }

        for (var row = 0; row < shape.Rows; row += step)
        {
            cancellationToken.ThrowIfCancellationRequested();
            var rows = Math.Min(step, shape.Rows - row);
            var bytes = staging.AsSpan(0, (int)(rows * rowBytes));
            checkpoint.Read(tensor, row * rowBytes, bytes);
            fixed (byte* source = bytes) take((nint)source, row, rows);
        }
    }
}
