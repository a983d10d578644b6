using Helios.Sdk.TorchSharp.Devices;
using Helios.Sdk.TorchSharp.Memory;
using TorchSharp;

namespace Helios.Sdk.TorchSharp.Loading;

/// <summary>
/// Reads planned tensors, a slice at a time, through page-locked memory into the memory of a part. On a GPU the copies of slices
/// queue between the kernels of the steps that go on meanwhile.
/// </summary>
internal sealed class PartReader(ICheckpoint checkpoint, TorchDevice device, DeviceBuffer memory, CancellationToken cancellationToken) : IDisposable
{
    // A copy waits for the step whose kernels are queued, and holds up the next: few copies, each shorter than most steps.
    private const int SliceBytes = 32 << 20;

    private readonly Dictionary<ScalarType, HostBuffer> staging = [];

    /// <summary>A norm's weights and zeros, as <see cref="NormPlan"/> says.</summary>
    public Tensor Read(NormPlan plan)
    {
        memory.Clear(plan.Offset + plan.Length, plan.Length);
        ReadInto(plan.Tensor, plan.Offset);
        return memory.View(plan.Offset, 2 * plan.Length);
    }

    /// <summary>Reads a matrix; the caller views it as it likes.</summary>
    public MatrixPlan Read(MatrixPlan plan)
    {
        var offset = plan.Offset;
        foreach (var tensor in plan.Tensors)
        {
            ReadInto(tensor, offset);
            offset += tensor.Elements;
        }

        return plan;
    }

    public void Dispose()
    {
        foreach (var buffer in staging.Values) buffer.Dispose();
        staging.Clear();
    }

    private void ReadInto(StoredTensor tensor, long offset)
    {
        var type = Elements.TypeOf(tensor.Type);
        if (!staging.TryGetValue(type, out var buffer)) staging.Add(type, buffer = new HostBuffer(device, type));
        var most = SliceBytes / tensor.ElementBytes;
        for (var done = 0L; done < tensor.Elements; done += most)
        {
            cancellationToken.ThrowIfCancellationRequested();
            var count = (int)Math.Min(most, tensor.Elements - done);
            checkpoint.Read(tensor, done * tensor.ElementBytes, buffer.Bytes(count));
            using var destination = memory.Memory.narrow(0, offset + done, count);
            buffer.CopyTo(destination, count);
        }
    }
}
