using Helios.Sdk.Backends;
using Helios.Sdk.TorchSharp.Devices;
using Helios.Sdk.TorchSharp.Operators;
using TorchSharp;

namespace Helios.Sdk.TorchSharp.Memory;

/// <summary>
/// The one owner of a piece of device memory, and of the reservation for it. A part of a model is one piece, so that
/// what one depth gives back the next takes whole.
/// </summary>
internal sealed class DeviceBuffer : IDisposable
{
    private readonly AllocationCounter counter;
    private readonly MemoryReservation reservation;
    private readonly Tensor memory;
    private readonly List<Tensor> views = [];
    private int disposed;

    /// <summary>Allocates what was reserved; when that fails, the reservation is disposed.</summary>
    /// <param name="device">Where.</param>
    /// <param name="counter">Counts it.</param>
    /// <param name="type">Type of its elements.</param>
    /// <param name="bytes">As <see cref="TorchDevice.Take"/> gives them.</param>
    /// <param name="reservation">Owned from here on.</param>
    /// <exception cref="InsufficientMemoryException">The device has no such memory.</exception>
    public DeviceBuffer(TorchDevice device, AllocationCounter counter, ScalarType type, long bytes, MemoryReservation reservation)
    {
        this.counter = counter;
        this.reservation = Reservations.Fit(reservation, bytes);
        Type = type;
        Bytes = bytes;
        Elements = bytes / Devices.Elements.BytesOf(type);
        try
        {
            memory = device.Allocate(Elements, type).DetachFromDisposeScope();
        }
        catch
        {
            reservation.Dispose();
            throw;
        }

        counter.Add(bytes);
    }

    /// <summary>Bytes taken.</summary>
    public long Bytes { get; }

    /// <summary>Number of elements.</summary>
    public long Elements { get; }

    /// <summary>Type of the elements.</summary>
    public ScalarType Type { get; }

    /// <summary>All of it, <c>[Elements]</c>.</summary>
    public Tensor Memory
    {
        get
        {
            ObjectDisposedException.ThrowIf(Volatile.Read(ref disposed) != 0, this);
            return memory;
        }
    }

    /// <summary>A matrix in the buffer, <c>[rows, columns]</c>; disposed with it.</summary>
    public Tensor View(long offset, long rows, long columns) => Keep(Memory.as_strided([rows, columns], [columns, 1], offset));

    /// <summary>Bytes of a buffer as elements of another type, <c>[length]</c>; disposed with it.</summary>
    /// <param name="type">Type of the elements.</param>
    /// <param name="offset">First byte, a multiple of the type's size.</param>
    /// <param name="length">Number of elements.</param>
    public Tensor ViewAs(ScalarType type, long offset, long length)
    {
        using var bytes = Memory.narrow(0, offset, length * Devices.Elements.BytesOf(type));
        return Keep(TorchOperators.View(bytes, type));
    }

    /// <summary>What is made of views of the buffer; disposed with it.</summary>
    public Tensor Keep(Tensor view)
    {
        views.Add(view.DetachFromDisposeScope());
        return view;
    }

    /// <summary>Sets elements to 0. (TorchSharp's own <c>zero_</c> returns zeros, and leaves the tensor as it was.)</summary>
    public void Clear(long offset, long length)
    {
        using var scope = torch.NewDisposeScope();
        using var zero = 0.ToScalar();
        Memory.narrow(0, offset, length).fill_(zero);
    }

    public void Dispose()
    {
        if (Interlocked.Exchange(ref disposed, 1) != 0) return;
        foreach (var view in views) view.Dispose();
        memory.Dispose();
        counter.Add(-Bytes);
        reservation.Dispose();
    }
}
