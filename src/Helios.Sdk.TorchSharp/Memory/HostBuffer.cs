using System.Runtime.InteropServices;
using Helios.Sdk.TorchSharp.Devices;
using TorchSharp;

namespace Helios.Sdk.TorchSharp.Memory;

/// <summary>Memory of the host from which a device copies, page-locked for a GPU.</summary>
internal sealed class HostBuffer(TorchDevice device, ScalarType type) : IDisposable
{
    private const int LeastElements = 64;

    private Tensor? memory;

    /// <summary>Room for so many elements; what it held is lost.</summary>
    public Span<T> Room<T>(int elements)
        where T : unmanaged => MemoryMarshal.Cast<byte, T>(Bytes(elements));

    /// <summary>The same as bytes.</summary>
    public Span<byte> Bytes(int elements)
    {
        if (memory is null || memory.numel() < elements)
        {
            Dispose();
            memory = Create(Math.Max(elements, LeastElements));
        }

        return memory.bytes[..(elements * Devices.Elements.BytesOf(type))];
    }

    /// <summary>
    /// Copies the first elements to the device, into memory of its own, behind what is queued there and without waiting for it. What the buffer
    /// held is lost.
    /// </summary>
    public Tensor ToDevice(int elements)
    {
        var copy = torch.empty(elements, dtype: type, device: device.Handle);
        using (var source = memory!.narrow(0, 0, elements)) copy.copy_(source, nonBlocking: true);

        // Torch gives page-locked memory that is given up to no other user until the copies out of it are done.
        Dispose();
        return copy;
    }

    /// <summary>Copies the first elements to memory of the device, which may be of another type, and waits until that is done.</summary>
    public void CopyTo(Tensor destination, long elements)
    {
        using var source = memory!.narrow(0, 0, elements);
        destination.copy_(source);
    }

    public void Dispose()
    {
        memory?.Dispose();
        memory = null;
    }

    /// <summary>The first elements where they are, until the buffer is used again; the caller's to dispose.</summary>
    public Tensor Elements(long elements) => memory!.narrow(0, 0, elements);

    private Tensor Create(long elements)
    {
        var plain = torch.empty(elements, dtype: type, device: torch.CPU).DetachFromDisposeScope();
        if (!device.IsCuda) return plain;
        using (plain) return plain.pin_memory().DetachFromDisposeScope();
    }
}
