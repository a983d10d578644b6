using System.Runtime.CompilerServices;
using Helios.Sdk.Cpu.Formats;

namespace Helios.Sdk.Cpu.Memory;

/// <summary>
/// Where keys and values lie inside a KV block: per layer <c>[kvHead][token / 16]</c> tiles of 16 tokens, each its keys, then
/// its values. Both are panels of 16 columns by so many elements, in pairs of elements: FP32 <c>[elements][16]</c>, BF16
/// <c>[elements / 2][16][2]</c>. The keys of a tile are one panel, whose columns are the tokens, so that scores need no
/// horizontal sums; its values are <see cref="ValueStride"/> / 16 panels, whose elements are the tokens.
/// </summary>
/// <param name="TokensPerBlock">Tokens of a block, a multiple of 16.</param>
/// <param name="KvHeads">Key/value heads.</param>
/// <param name="HeadDim">Width of a head; even.</param>
/// <param name="Precision">FP32 or BF16.</param>
internal readonly record struct KvLayout(int TokensPerBlock, int KvHeads, int HeadDim, Precision Precision)
{
    /// <summary>Tokens of a tile: those of a sequence start at multiples of it.</summary>
    public const int Tile = 16;

    /// <summary>Width of a value; whole panels.</summary>
    public int ValueStride => (HeadDim + Tile - 1) & ~(Tile - 1);

    /// <summary>Bytes of a tile's keys, which is where its values start.</summary>
    public int KeyBytes => Tile * HeadDim * ElementBytes;

    /// <summary>Bytes of one of the panels of values.</summary>
    public int PanelBytes => Tile * Tile * ElementBytes;

    /// <summary>Bytes of one layer in a block.</summary>
    public long LayerBytes => (long)KvHeads * TokensPerBlock / Tile * TileBytes;

    private int ElementBytes => Precision == Precision.Bf16 ? sizeof(ushort) : sizeof(float);

    private int TileBytes => Tile * (HeadDim + ValueStride) * ElementBytes;

    /// <summary>The tile that holds a token.</summary>
    /// <param name="layer">Start of the layer in a block.</param>
    /// <param name="kvHead">Key/value head.</param>
    /// <param name="token">Token inside the block.</param>
    public unsafe byte* TileOf(byte* layer, int kvHead, int token) =>
        layer + ((long)kvHead * TokensPerBlock + token) / Tile * TileBytes;

    /// <summary>Writes the key and value of a token.</summary>
    /// <param name="layer">Start of the layer in a block.</param>
    /// <param name="kvHead">Key/value head.</param>
    /// <param name="token">Token inside the block.</param>
    /// <param name="key"><c>[HeadDim]</c>, rotated.</param>
    /// <param name="value"><c>[HeadDim]</c>.</param>
    public unsafe void Store(byte* layer, int kvHead, int token, float* key, float* value)
    {
        var tile = TileOf(layer, kvHead, token);
        if (Precision == Precision.Bf16) StoreBf16((ushort*)tile, token % Tile, key, value);
        else StoreFp32((float*)tile, token % Tile, key, value);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private unsafe void StoreFp32(float* tile, int token, float* key, float* value)
    {
        for (var d = 0; d < HeadDim; d++) tile[d * Tile + token] = key[d];
        var values = tile + Tile * HeadDim + token * Tile;
        for (var d = 0; d < HeadDim; d += Tile, values += Tile * Tile)
            new Span<float>(value + d, Math.Min(Tile, HeadDim - d)).CopyTo(new Span<float>(values, Tile));
    }

    // Two tokens share the pairs of a tile's values, and may be written at the same time: each writes its own halves.
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private unsafe void StoreBf16(ushort* tile, int token, float* key, float* value)
    {
        var pairs = (uint*)tile + token;
        for (var d = 0; d < HeadDim; d += 2, pairs += Tile)
            *pairs = WeightCodec.Bf16.Round(key[d]) | ((uint)WeightCodec.Bf16.Round(key[d + 1]) << 16);
        var values = tile + Tile * HeadDim + token / 2 * 2 * Tile + token % 2;
        for (var d = 0; d < HeadDim; d += Tile, values += Tile * Tile)
        {
            var end = Math.Min(Tile, HeadDim - d);
            for (var i = 0; i < end; i++) values[2 * i] = WeightCodec.Bf16.Round(value[d + i]);
        }
    }
}
