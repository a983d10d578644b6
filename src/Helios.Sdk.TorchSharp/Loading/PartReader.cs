using System.Buffers;
using System.Runtime.InteropServices;
using Helios.Sdk.Models;
using Helios.Sdk.TorchSharp.Devices;
using Helios.Sdk.TorchSharp.Memory;
using Helios.Sdk.TorchSharp.Operators;
using TorchSharp;

namespace Helios.Sdk.TorchSharp.Loading;

/// <summary>
/// Reads planned tensors, a slice at a time, through page-locked memory into the memory of a part. On a GPU the copies of slices
/// queue between the kernels of the steps that go on meanwhile. What is held in fewer bits is rounded on the host.
/// </summary>
internal sealed class PartReader(ICheckpoint checkpoint, TorchDevice device, DeviceBuffer memory, CancellationToken cancellationToken) : IDisposable
{
    // A copy waits for the step whose kernels are queued, and holds up the next: few copies, each shorter than most steps.
    private const int SliceBytes = 32 << 20;

    // Rounding takes several times what it reads, in memory that no budget counts.
    private const int RoundedSliceBytes = 4 << 20;

    private readonly Dictionary<ScalarType, HostBuffer> staging = [];

    public TorchNorm? Read(NormPlan? plan) => plan is null ? null : new TorchNorm(plan.Layout, Read(plan.Weight), plan.Bias is null ? null : Read(plan.Bias));

    public TorchLinear Read(LinearPlan plan) => new(Read(plan.Weight), plan.Bias is null ? null : Read(plan.Bias));

    public TorchNetwork Read(NetworkPlan plan) => new(Read(plan.GateUp), Read(plan.Down));

    /// <summary>Some rows of a projection that was read.</summary>
    public TorchLinear Part(LinearPlan plan, TorchLinear whole, long firstRow, long rows) =>
        new(Part(plan.Weight, whole.Weight, firstRow, rows), whole.Bias is null ? null : memory.Keep(whole.Bias.narrow(0, firstRow, rows)));

    /// <summary>A matrix of all its tensors.</summary>
    public WeightMatrix Read(MatrixPlan plan)
    {
        var (weights, scales) = (Weights(plan, 0, plan.Rows), Scales(plan, 0, plan.Rows));
        var row = 0L;
        foreach (var tensor in plan.Tensors)
        {
            using var scope = torch.NewDisposeScope();
            if (plan.Format == WeightFormat.Plain) ReadInto(tensor, weights.narrow(0, row * plan.Columns, tensor.Elements));
            else RoundInto(plan, tensor, row, weights, scales!);
            row += tensor.Rows;
        }

        return Over(plan, weights, scales, plan.Rows);
    }

    public void Dispose()
    {
        foreach (var buffer in staging.Values) buffer.Dispose();
        staging.Clear();
    }

    private Tensor Read(VectorPlan plan)
    {
        var vector = memory.ViewAs(plan.Type, plan.Offset, plan.Length);
        using var scope = torch.NewDisposeScope();
        var at = 0L;
        foreach (var tensor in plan.Tensors)
        {
            ReadInto(tensor, vector.narrow(0, at, tensor.Elements));
            at += tensor.Elements;
        }

        if (plan.Addend == 0) return vector;
        using var addend = plan.Addend.ToScalar();
        vector.add_(addend);
        return vector;
    }

    private WeightMatrix Part(MatrixPlan plan, WeightMatrix whole, long firstRow, long rows) =>
        plan.Format == WeightFormat.Int4 ? new PartMatrix(whole, firstRow, rows) : Over(plan, Weights(plan, firstRow, rows), Scales(plan, firstRow, rows), rows);

    // Of rows that follow each other, as one vector.
    private Tensor Weights(MatrixPlan plan, long firstRow, long rows)
    {
        var (held, each) = plan.Format switch
        {
            WeightFormat.Int8 => (ScalarType.Int8, 1),
            WeightFormat.Int4 => device.IsCuda ? (ScalarType.Int32, 8) : (ScalarType.Byte, 2),
            _ => (plan.Type, 1),
        };
        return memory.ViewAs(held, plan.Offset + (firstRow * plan.Columns / each * Elements.BytesOf(held)), rows * plan.Columns / each);
    }

    private Tensor? Scales(MatrixPlan plan, long firstRow, long rows) => plan.Format switch
    {
        WeightFormat.Int8 => memory.ViewAs(plan.Type, plan.Scales + (firstRow * Elements.BytesOf(plan.Type)), rows),
        WeightFormat.Int4 => memory.Keep(memory.ViewAs(plan.Type, plan.Scales, 2 * rows * plan.Columns / TorchOperators.Int4Group).view(-1, rows, 2)),
        _ => null,
    };

    private WeightMatrix Over(MatrixPlan plan, Tensor weights, Tensor? scales, long rows)
    {
        if (plan.Format == WeightFormat.Int4)
            return new Int4Matrix(memory.Keep(device.IsCuda ? weights.view(rows / 8, plan.Columns / 32, 32, 1) : weights.view(rows, plan.Columns / 2)), scales!);
        var matrix = memory.Keep(weights.view(rows, plan.Columns));
        return scales is null ? new PlainMatrix(matrix, memory.Keep(matrix.t())) : new Int8Matrix(matrix, scales);
    }

    private void ReadInto(StoredTensor tensor, Tensor destination)
    {
        var buffer = Staging(Elements.TypeOf(tensor.Type));
        var most = tensor.Type.IsQuantised()
            ? Math.Max(1, SliceBytes / ((long)tensor.Columns * sizeof(float))) * tensor.Columns
            : SliceBytes / tensor.Type.BlockBytes();
        for (var done = 0L; done < tensor.Elements; done += most)
        {
            cancellationToken.ThrowIfCancellationRequested();
            var count = (int)Math.Min(most, tensor.Elements - done);
            Fill(tensor, done, count, buffer);
            using var slice = destination.narrow(0, done, count);
            buffer.CopyTo(slice, count);
        }
    }

    // Elements as they are stored, but blocks as floats.
    private void Fill(StoredTensor tensor, long first, int count, HostBuffer buffer)
    {
        var (elements, bytes) = (tensor.Type.BlockElements(), tensor.Type.BlockBytes());
        if (elements == 1)
        {
            checkpoint.Read(tensor, first * bytes, buffer.Bytes(count));
            return;
        }

        var stored = ArrayPool<byte>.Shared.Rent(count / elements * bytes);
        try
        {
            var blocks = stored.AsSpan(0, count / elements * bytes);
            checkpoint.Read(tensor, first / elements * bytes, blocks);
            TensorBlocks.ToFloats(tensor.Type, blocks, MemoryMarshal.Cast<byte, float>(buffer.Bytes(count)));
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(stored);
        }
    }

    // Whole rows at a time, from a row of the matrix on.
    private void RoundInto(MatrixPlan plan, StoredTensor tensor, long firstRow, Tensor weights, Tensor scales)
    {
        var buffer = Staging(Elements.TypeOf(tensor.Type));
        var size = tensor.Type.IsQuantised() ? sizeof(float) : tensor.Type.BlockBytes();
        var most = Math.Max(1, RoundedSliceBytes / (tensor.Columns * size) / TorchOperators.Int4Rows) * TorchOperators.Int4Rows;
        for (var done = 0L; done < tensor.Rows; done += most)
        {
            cancellationToken.ThrowIfCancellationRequested();
            using var scope = torch.NewDisposeScope();
            var count = Math.Min(most, tensor.Rows - done);
            Fill(tensor, done * tensor.Columns, (int)(count * tensor.Columns), buffer);
            var slice = buffer.Elements(count * tensor.Columns).view(count, tensor.Columns);
            if (plan.Format == WeightFormat.Int8)
            {
                var (rounded, theirs) = Rounding.ToInt8(slice);
                weights.narrow(0, (firstRow + done) * plan.Columns, count * plan.Columns).copy_(rounded.view(-1));
                scales.narrow(0, firstRow + done, count).copy_(theirs);
            }
            else
            {
                var (numbers, theirs) = Rounding.ToInt4(slice);
                var packed = TorchOperators.Int4Pack(numbers.to(device.Handle)).view(-1);
                weights.narrow(0, (firstRow + done) * packed.numel() / count, packed.numel()).copy_(packed);
                scales.narrow(1, firstRow + done, count).copy_(torch.stack([theirs, torch.zeros_like(theirs)], 2));
            }
        }
    }

    private HostBuffer Staging(ScalarType stored)
    {
        if (!staging.TryGetValue(stored, out var buffer)) staging.Add(stored, buffer = new HostBuffer(device, stored));
        return buffer;
    }
}
