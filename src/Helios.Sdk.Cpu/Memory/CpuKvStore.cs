using Helios.Sdk.BackendShared;

namespace Helios.Sdk.Cpu.Memory;

/// <summary>Slabs of native memory for KV. Used by the device thread alone.</summary>
internal sealed unsafe class CpuKvStore : IKvStore
{
    private readonly AllocationCounter counter;
    private readonly Precision precision;
    private readonly List<Slab?> slabs = [];

    public CpuKvStore(AllocationCounter counter, long slabBytes, int tokensPerBlock, Precision precision)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(slabBytes);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(tokensPerBlock);
        if (tokensPerBlock % KvLayout.Tile != 0)
            throw new ArgumentException($"{tokensPerBlock} tokens per block are not a multiple of {KvLayout.Tile}.", nameof(tokensPerBlock));
        this.counter = counter;
        this.precision = precision;
        SlabBytes = slabBytes;
        TokensPerBlock = tokensPerBlock;
    }

    public long SlabBytes { get; }

    public int TokensPerBlock { get; }

    public long BlockBytes(KvShape shape) => shape.Layers * Layout(shape.KvHeads, shape.HeadDim).LayerBytes;

    public KvLayout Layout(int kvHeads, int headDim) => new(TokensPerBlock, kvHeads, headDim, precision);

    public int AddSlab(MemoryReservation bytes)
    {
        var slab = new Slab(counter, SlabBytes, bytes);
        var free = slabs.IndexOf(null);
        if (free < 0)
        {
            slabs.Add(slab);
            return slabs.Count - 1;
        }

        slabs[free] = slab;
        return free;
    }

    public void RemoveSlab(int slab)
    {
        if ((uint)slab >= (uint)slabs.Count || slabs[slab] is not { } held)
            throw new ArgumentOutOfRangeException(nameof(slab), slab, "There is no such slab.");
        slabs[slab] = null;
        held.Dispose();
    }

    public void CopyBlock(KvShape shape, KvBlock from, KvBlock to)
    {
        var bytes = BlockBytes(shape);
        Buffer.MemoryCopy(Block(from, bytes), Block(to, bytes), bytes, bytes);
    }

    /// <summary>First byte of a block; throws when it does not lie within a slab of this store.</summary>
    public byte* Block(KvBlock block, long blockBytes)
    {
        if ((uint)block.Slab >= (uint)slabs.Count || slabs[block.Slab] is not { } slab)
            throw new ArgumentOutOfRangeException(nameof(block), block, "There is no such KV slab.");
        if (block.Index < 0 || (block.Index + 1L) * blockBytes > SlabBytes)
            throw new ArgumentOutOfRangeException(nameof(block), block, $"A slab of {SlabBytes} bytes holds {SlabBytes / blockBytes} blocks of {blockBytes}.");
        return slab.Memory.Pointer + block.Index * blockBytes;
    }

    public void Dispose()
    {
        foreach (var slab in slabs) slab?.Dispose();
        slabs.Clear();
    }

    private sealed class Slab : IDisposable
    {
        private readonly MemoryReservation reservation;

        public Slab(AllocationCounter counter, long bytes, MemoryReservation reservation)
        {
            this.reservation = Reservations.Fit(reservation, bytes);
            Memory = Allocate(counter, bytes);
        }

        public NativeBuffer Memory { get; }

        public void Dispose()
        {
            Memory.Dispose();
            reservation.Dispose();
        }

        private NativeBuffer Allocate(AllocationCounter counter, long bytes)
        {
            try
            {
                return new NativeBuffer(counter, bytes);
            }
            catch
            {
                reservation.Dispose();
                throw;
            }
        }
    }
}
