using Helios.Sdk.Backends;

namespace Helios.Sdk.Cpu.Memory;

/// <summary>Slabs of native memory for KV. Used by the device thread alone.</summary>
internal sealed unsafe class CpuKvStore : IKvStore
{
    private readonly AllocationCounter counter;
    private readonly Precision precision;
    private readonly SlabTable<Slab> slabs = new();

    public CpuKvStore(AllocationCounter counter, long slabBytes, int tokensPerBlock, Precision precision)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(slabBytes);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(tokensPerBlock);
        if (tokensPerBlock % KvLayout.Tile != 0)
            throw new ArgumentException(Invariant($"{tokensPerBlock} tokens per block are not a multiple of {KvLayout.Tile}."), nameof(tokensPerBlock));
        this.counter = counter;
        this.precision = precision;
        SlabBytes = slabBytes;
        TokensPerBlock = tokensPerBlock;
    }

    public long SlabBytes { get; }

    public int TokensPerBlock { get; }

    public long BlockBytes(KvShape shape) => shape.Layers * Layout(shape.KvHeads, shape.HeadDim).LayerBytes;

    public KvLayout Layout(int kvHeads, int headDim) => new(TokensPerBlock, kvHeads, headDim, precision);

    public int AddSlab(MemoryReservation bytes) => slabs.Add(new Slab(counter, SlabBytes, bytes));

    public void RemoveSlab(int slab) => slabs.Remove(slab);

    public void CopyBlock(KvShape shape, KvBlock from, KvBlock to)
    {
        var bytes = BlockBytes(shape);
        Buffer.MemoryCopy(Block(from, bytes), Block(to, bytes), bytes, bytes);
    }

    /// <summary>First byte of a block; throws when it does not lie within a slab of this store.</summary>
    public byte* Block(KvBlock block, long blockBytes)
    {
        var slab = slabs[block.Slab];
        if (block.Index < 0 || (block.Index + 1L) * blockBytes > SlabBytes)
            throw new ArgumentOutOfRangeException(nameof(block), block, Invariant($"A slab of {SlabBytes} bytes holds {SlabBytes / blockBytes} blocks of {blockBytes}."));
        return slab.Memory.Pointer + block.Index * blockBytes;
    }

    public void Dispose() => slabs.Dispose();

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
