namespace Helios.Sdk.Cpu.Memory;

/// <summary>
/// Where keys and values lie inside a KV block, all FP32. Per layer, keys <c>[kvHead][token / 16][headDim][16]</c>, so
/// that the lanes of a vector are tokens and scores need no horizontal sums, then values
/// <c>[kvHead][token][headDim rounded up to 16]</c>.
/// </summary>
internal readonly record struct KvLayout(int TokensPerBlock, int KvHeads, int HeadDim)
{
    /// <summary>Tokens of a tile: attention goes over a sequence in tiles that start at multiples of it.</summary>
    public const int Tile = 16;

    /// <summary>Elements from one token's value to the next; whole vectors at every width.</summary>
    public int ValueStride => (HeadDim + 15) & ~15;

    /// <summary>Bytes of one layer's keys in a block.</summary>
    public long KeyBytes => (long)KvHeads * TokensPerBlock * HeadDim * sizeof(float);

    /// <summary>Bytes of one layer in a block.</summary>
    public long LayerBytes => KeyBytes + (long)KvHeads * TokensPerBlock * ValueStride * sizeof(float);

    /// <summary>The keys of the tile that holds a token: <c>[headDim][16]</c>.</summary>
    /// <param name="layer">Start of the layer in a block.</param>
    /// <param name="kvHead">Key/value head.</param>
    /// <param name="token">Token inside the block.</param>
    public unsafe float* Keys(byte* layer, int kvHead, int token) =>
        (float*)layer + ((long)kvHead * TokensPerBlock + (token & ~(Tile - 1))) * HeadDim;

    /// <summary>The value of a token: <c>[ValueStride]</c>; those of the tile's other tokens follow.</summary>
    /// <param name="layer">Start of the layer in a block.</param>
    /// <param name="kvHead">Key/value head.</param>
    /// <param name="token">Token inside the block.</param>
    public unsafe float* Values(byte* layer, int kvHead, int token) =>
        (float*)(layer + KeyBytes) + ((long)kvHead * TokensPerBlock + token) * ValueStride;
}
