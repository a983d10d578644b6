using Helios.Sdk.Backends;
using Helios.Sdk.Models;
using Helios.Sdk.TorchSharp.Memory;

namespace Helios.Sdk.TorchSharp.Model;

/// <summary>The rows of a step with their block tables, and the sequences at work.</summary>
internal sealed class TorchStepRows(ModelArchitecture architecture, TorchKvStore kv, int maxRows) : StepRows(architecture, maxRows, kv.TokensPerBlock)
{
    private readonly List<Run> runs = [];
    private KvBlock[] blocks = new KvBlock[64];
    private int blockCount;

    /// <summary>Counts up whenever other rows, or the same with other blocks, are at work.</summary>
    public int Version { get; private set; }

    /// <summary>Sequences at work, in order of their rows.</summary>
    public IReadOnlyList<Run> Runs => runs;

    /// <summary>Elements of one layer in a block.</summary>
    public long UnitElements { get; } = kv.UnitElements(KvShape.Of(architecture, architecture.Layers));

    /// <summary>Units between two slots of a row's blocks.</summary>
    public long SlotUnits(int row) => kv.BlocksOf(this[row].KvDepth * UnitElements);

    /// <summary>Blocks of a row's sequence, and of those behind it.</summary>
    public ReadOnlySpan<KvBlock> Blocks(int row) => blocks.AsSpan(TableOf(row));

    /// <summary>The block of a row's sequence that holds a position.</summary>
    public KvBlock BlockOf(int row, int position) => blocks[TableOf(row) + position / kv.TokensPerBlock];

    protected override int AddTable(ReadOnlySpan<KvBlock> table, LayerRange layers)
    {
        if (blockCount + table.Length > blocks.Length) Array.Resize(ref blocks, Math.Max(2 * blocks.Length, blockCount + table.Length));
        var first = blockCount;
        foreach (var block in table)
        {
            kv.Require(block, layers.Count * UnitElements);
            blocks[blockCount++] = block;
        }

        return first;
    }

    protected override void ClearTables() => blockCount = 0;

    protected override void Regrouped()
    {
        Version++;
        runs.Clear();
        var active = Active;
        for (var i = 0; i < active.Length;)
        {
            var end = i + 1;
            while (end < active.Length && TableOf(active[end]) == TableOf(active[i])) end++;
            runs.Add(new Run(i, end - i, this[active[end - 1]].Position + 1));
            i = end;
        }
    }
}

/// <summary>The rows of one sequence at work.</summary>
/// <param name="Start">Its first row, as an index into the rows at work.</param>
/// <param name="Rows">Number of its rows.</param>
/// <param name="Length">Tokens of the sequence up to its last row.</param>
internal readonly record struct Run(int Start, int Rows, int Length);
