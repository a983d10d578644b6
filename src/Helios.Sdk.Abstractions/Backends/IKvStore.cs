namespace Helios.Sdk.Backends;

/// <summary>
/// Native memory for KV, in slabs of one size. The engine decides which slab is cut for which shape and which block is
/// whose; the store only knows where bytes lie. Used by the device thread alone.
/// </summary>
public interface IKvStore : IDisposable
{
    /// <summary>Bytes of every slab.</summary>
    long SlabBytes { get; }

    /// <summary>Tokens of a block.</summary>
    int TokensPerBlock { get; }

    /// <summary>Bytes of one block of a shape: <see cref="TokensPerBlock"/> tokens over all its layers.</summary>
    /// <param name="shape">Layers and heads.</param>
    long BlockBytes(KvShape shape);

    /// <summary>Allocates a slab and returns its index (an index is used again once its slab was removed).</summary>
    /// <param name="bytes">A reservation of <see cref="SlabBytes"/>; owned by the slab, or disposed on failure.</param>
    /// <exception cref="OutOfMemoryException">The device has no such memory, whatever was reserved. The engine goes on with the slabs there are.</exception>
    int AddSlab(MemoryReservation bytes);

    /// <summary>Frees a slab. No step may be under way that uses it.</summary>
    /// <param name="slab">An index that <see cref="AddSlab"/> returned.</param>
    void RemoveSlab(int slab);

    /// <summary>Copies all that a block holds into another of the same shape.</summary>
    /// <param name="shape">What both are cut for.</param>
    /// <param name="from">Block to read.</param>
    /// <param name="to">Block to overwrite.</param>
    void CopyBlock(KvShape shape, KvBlock from, KvBlock to);
}

/// <summary>What a KV block holds per token. Sequences of one model at one depth share a shape.</summary>
/// <param name="Layers">Layers whose keys and values are kept.</param>
/// <param name="KvHeads">Key/value heads of a layer.</param>
/// <param name="HeadDim">Elements of a head.</param>
public readonly record struct KvShape(int Layers, int KvHeads, int HeadDim);

/// <summary>Where a KV block lies: block <paramref name="Index"/> of slab <paramref name="Slab"/>, cut for the sequence's shape.</summary>
/// <param name="Slab">Slab index.</param>
/// <param name="Index">Block index inside the slab.</param>
public readonly record struct KvBlock(int Slab, int Index);
