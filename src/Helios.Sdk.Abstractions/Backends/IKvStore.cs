namespace Helios.Sdk.Backends;

/// <summary>
/// Native memory for KV, in slabs of one size. The engine decides the shape of each slab and the owner of each
/// block; the store only maps blocks to memory. Used only by the device thread.
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

    /// <summary>Allocates a slab and returns its index (an index is used again after its slab is removed).</summary>
    /// <param name="bytes">A reservation of <see cref="SlabBytes"/>; owned by the slab, or disposed on failure.</param>
    /// <exception cref="OutOfMemoryException">The device does not have the memory, despite the reservation. The engine continues with the existing slabs.</exception>
    int AddSlab(MemoryReservation bytes);

    /// <summary>Frees a slab. No running step may use it.</summary>
    /// <param name="slab">An index that <see cref="AddSlab"/> returned.</param>
    void RemoveSlab(int slab);

    /// <summary>Copies the contents of a block to another block of the same shape.</summary>
    /// <param name="shape">The shape of both.</param>
    /// <param name="from">Block to read.</param>
    /// <param name="to">Block to overwrite.</param>
    void CopyBlock(KvShape shape, KvBlock from, KvBlock to);
}

/// <summary>Contents of a KV block per token, of the layers of one of the <see cref="KvGroups"/> of a model. Sequences of one model at one depth have the same shapes.</summary>
/// <param name="Layers">Layers with keys and values.</param>
/// <param name="KvHeads">Key/value heads of a layer.</param>
/// <param name="HeadDim">Elements of a head.</param>
public readonly record struct KvShape(int Layers, int KvHeads, int HeadDim);

/// <summary>Position of a KV block: block <paramref name="Index"/> of slab <paramref name="Slab"/>, with the shape of its table.</summary>
/// <param name="Slab">Slab index.</param>
/// <param name="Index">Block index inside the slab.</param>
public readonly record struct KvBlock(int Slab, int Index)
{
    /// <summary>Stands in a table where no block is needed: behind a window, or for a group without layers.</summary>
    public static KvBlock None { get; } = new(-1, -1);
}
