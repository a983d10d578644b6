using Helios.Sdk.TorchSharp.Devices;
using Helios.Sdk.TorchSharp.Memory;
using TorchSharp;

namespace Helios.Sdk.TorchSharp.Loading;

/// <summary>
/// Reads planned tensors, a slice at a time, through page-locked memory into the memory of a part. On a GPU the copies of slices
/// queue between the kernels of the steps that go on meanwhile. What is held in 8 bits is rounded on the host.
/// </summary>
internal sealed class PartReader(ICheckpoint checkpoint, TorchDevice device, DeviceBuffer memory, ScalarType type, CancellationToken cancellationToken) : IDisposable
{
    // A copy waits for the step whose kernels are queued, and holds up the next: few copies, each shorter than most steps.
    private const int SliceBytes = 32 << 20;

    // Rounding takes several times what it reads, in memory that no budget counts.
    private const int RoundedSliceBytes = 4 << 20;

    private readonly Dictionary<ScalarType, HostBuffer> staging = [];

    /// <summary>A norm's weights, <c>[length]</c>.</summary>
    public Tensor Read(NormPlan plan)
    {
        var view = memory.ViewAs(type, plan.Offset, plan.Tensor.Elements);
        ReadInto(plan.Tensor, view);
        return view;
    }

    /// <summary>A matrix of all its tensors.</summary>
    public WeightMatrix Read(MatrixPlan plan)
    {
        var isPlain = plan.Format == WeightFormat.Plain;
        var weights = memory.ViewAs(isPlain ? type : ScalarType.Int8, plan.Offset, plan.Rows * plan.Columns);
        var scales = isPlain ? null : memory.ViewAs(type, plan.Scales, plan.Rows);
        var row = 0L;
        foreach (var tensor in plan.Tensors)
        {
            using var mine = weights.narrow(0, row * plan.Columns, tensor.Elements);
            if (scales is null)
            {
                ReadInto(tensor, mine);
            }
            else
            {
                using var its = scales.narrow(0, row, tensor.Rows);
                RoundInto(tensor, mine, its);
            }

            row += tensor.Rows;
        }

        return Over(weights, scales, plan.Rows, plan.Columns);
    }

    /// <summary>Some rows of a matrix that was read.</summary>
    public WeightMatrix Part(MatrixPlan plan, long firstRow, long rows)
    {
        var isPlain = plan.Format == WeightFormat.Plain;
        var (weightType, first) = (isPlain ? type : ScalarType.Int8, firstRow * plan.Columns);
        return Over(
            memory.ViewAs(weightType, plan.Offset + (first * Elements.BytesOf(weightType)), rows * plan.Columns),
            isPlain ? null : memory.ViewAs(type, plan.Scales + (firstRow * Elements.BytesOf(type)), rows), rows, plan.Columns);
    }

    public void Dispose()
    {
        foreach (var buffer in staging.Values) buffer.Dispose();
        staging.Clear();
    }

    private WeightMatrix Over(Tensor weights, Tensor? scales, long rows, long columns)
    {
        var matrix = memory.Keep(weights.view(rows, columns));
        return scales is null ? new PlainMatrix(matrix, memory.Keep(matrix.t())) : new Int8Matrix(matrix, scales);
    }

    private void ReadInto(StoredTensor tensor, Tensor destination)
    {
        var buffer = Staging(Elements.TypeOf(tensor.Type));
        var most = SliceBytes / tensor.ElementBytes;
        for (var done = 0L; done < tensor.Elements; done += most)
        {
            cancellationToken.ThrowIfCancellationRequested();
            var count = (int)Math.Min(most, tensor.Elements - done);
            checkpoint.Read(tensor, done * tensor.ElementBytes, buffer.Bytes(count));
            using var slice = destination.narrow(0, done, count);
            buffer.CopyTo(slice, count);
        }
    }

    // Whole rows at a time: weights [rows x columns], scales [rows].
    private void RoundInto(StoredTensor tensor, Tensor weights, Tensor scales)
    {
        var buffer = Staging(Elements.TypeOf(tensor.Type));
        var most = Math.Max(1, RoundedSliceBytes / (tensor.Columns * tensor.ElementBytes));
        for (var done = 0L; done < tensor.Rows; done += most)
        {
            cancellationToken.ThrowIfCancellationRequested();
            using var scope = torch.NewDisposeScope();
            var count = Math.Min(most, tensor.Rows - done);
            checkpoint.Read(tensor, done * tensor.Columns * tensor.ElementBytes, buffer.Bytes((int)(count * tensor.Columns)));
            var (rounded, theirs) = Rounding.ToInt8(buffer.Elements(count * tensor.Columns).view(count, tensor.Columns));
            weights.narrow(0, done * tensor.Columns, count * tensor.Columns).copy_(rounded.view(-1));
            scales.narrow(0, done, count).copy_(theirs);
        }
    }

    private HostBuffer Staging(ScalarType stored)
    {
        if (!staging.TryGetValue(stored, out var buffer)) staging.Add(stored, buffer = new HostBuffer(device, stored));
        return buffer;
    }
}
