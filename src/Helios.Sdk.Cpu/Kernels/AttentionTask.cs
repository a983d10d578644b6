using Helios.Sdk.Cpu.Memory;

namespace Helios.Sdk.Cpu.Kernels;

/// <summary>
/// Rows that share a block table, with the query heads of one key/value head. Rows lie one after another, positions
/// ascending. A query is a row and a head, <c>[rows][Heads]</c>.
/// </summary>
internal unsafe struct AttentionTask
{
    /// <summary>First query head of the first row, rotated and scaled by 1 / sqrt(headDim): <c>[rows][heads, headDim]</c>. Results take its place.</summary>
    public float* Queries;

    /// <summary>Elements from one row to the next.</summary>
    public nint RowStride;

    /// <summary>Position of each row in its sequence.</summary>
    public int* Positions;

    /// <summary>Number of rows.</summary>
    public int Rows;

    /// <summary>Query heads that share the key/value head.</summary>
    public int Heads;

    /// <summary>Key/value head.</summary>
    public int KvHead;

    /// <summary>First byte of each block of the sequence.</summary>
    public nint* Blocks;

    /// <summary>Bytes from there to the layer.</summary>
    public long LayerOffset;

    /// <summary>Tokens that a row sees, itself included; 0 for all before it.</summary>
    public int Window;

    /// <summary>Scores s become SoftCap x tanh(s / SoftCap); 0 leaves them.</summary>
    public float SoftCap;

    /// <summary>How a layer lies in a block.</summary>
    public KvLayout Layout;

    /// <summary>Memory of the thread, <see cref="ScratchFloats"/> of it.</summary>
    public float* Scratch;

    /// <summary>Where the first split leaves its states, <see cref="StateFloats"/> for each query; used where splits are attended on their own.</summary>
    public float* States;

    /// <summary>Floats from there to the states of the next split.</summary>
    public nint SplitStride;

    /// <summary>The first token that a row sees.</summary>
    public readonly int FirstToken(int row) => Window > 0 ? Math.Max(0, Positions[row] - Window + 1) : 0;

    /// <summary>The splits of the sequence up to the last row.</summary>
    public readonly int Splits => AttentionShape.SplitsOf(Positions[Rows - 1] + 1);

    /// <summary>Floats that a thread works in for so many queries: tables of panels, the scores of a few, and two states for each.</summary>
    public static int ScratchFloats(int queries, int valueStride) =>
        AttentionShape.TableFloats(valueStride) + AttentionShape.ScoreFloats + 2 * queries * StateFloats(valueStride);

    /// <summary>Floats of a query's state: a weighted sum of values, a total of weights by lane, and a peak.</summary>
    public static int StateFloats(int valueStride) => AttentionShape.SumFloats(valueStride) + 2 * AttentionShape.MostLanes;
}

/// <summary>Sizes that attention is cut into. They belong to positions alone, never to the batch, the threads or the vectors.</summary>
internal static class AttentionShape
{
    /// <summary>Tokens whose weights are computed together, relative to one peak.</summary>
    public const int Strip = 64;

    /// <summary>Tokens that are attended on their own; the results of splits are merged in order.</summary>
    public const int Split = 512;

    /// <summary>Most queries that share the loads of keys and values.</summary>
    public const int MostQueries = 4;

    /// <summary>Lanes of the widest vector.</summary>
    public const int MostLanes = 16;

    /// <summary>Tiles of a strip.</summary>
    public const int Tiles = Strip / KvLayout.Tile;

    /// <summary>Floats of the scores of some queries over a strip.</summary>
    public const int ScoreFloats = MostQueries * Strip;

    /// <summary>Splits that so many tokens, at least one, fall into.</summary>
    public static int SplitsOf(int tokens) => (tokens - 1) / Split + 1;

    /// <summary>Floats of a weighted sum: four vectors at a time, of any width.</summary>
    public static int SumFloats(int valueStride) => (valueStride + 4 * MostLanes - 1) / (4 * MostLanes) * 4 * MostLanes;

    /// <summary>Floats that the addresses of a strip's panels take, a vector each: those of keys, those of values, and what comes after each tile.</summary>
    public static int TableFloats(int valueStride) =>
        ((Strip + Tiles * SumFloats(valueStride)) / LeastLanes + MostLanes) * (sizeof(long) / sizeof(float));

    private const int LeastLanes = 4;
}
