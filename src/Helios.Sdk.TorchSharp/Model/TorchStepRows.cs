using Helios.Sdk.Backends;
using Helios.Sdk.Models;
using Helios.Sdk.TorchSharp.Memory;

namespace Helios.Sdk.TorchSharp.Model;

/// <summary>The rows of a step with their block tables, and the sequences at work.</summary>
internal sealed class TorchStepRows(ModelArchitecture architecture, TorchKvStore kv, int maxRows) : StepRows(architecture, maxRows, kv.TokensPerBlock)
{
    private readonly List<Run> runs = [];
    private readonly int[] starts = new int[maxRows];
    private readonly int[] lengths = new int[maxRows];
    private KvBlock[] blocks = new KvBlock[64];
    private int blockCount;
    private int tableCount;

    /// <summary>Counts up whenever other rows, or the same with other blocks, are at work.</summary>
    public int Version { get; private set; }

    /// <summary>Sequences at work, in order of their rows.</summary>
    public IReadOnlyList<Run> Runs => runs;

    /// <summary>Elements of one layer of a group in a block.</summary>
    public long UnitElements(int group) => kv.UnitElements(Groups.Shape(group, default));

    /// <summary>Units between two slots of a row's blocks for a group of layers.</summary>
    public long SlotUnits(int row, int group) => kv.BlocksOf(Groups.Shape(group, LayersOf(this[row].KvDepth)).Layers * UnitElements(group));

    /// <summary>Layers of a group among so many layers in use.</summary>
    public int Slots(int group, int layers) => Groups.Shape(group, LayersOf(layers)).Layers;

    /// <summary>Where a layer has its keys and values.</summary>
    public KvSlot SlotOf(int layer) => new(Groups.GroupOf(layer), Groups.SlotOf(layer, FirstLayer));

    /// <summary>Blocks of a row's sequence for a group of layers.</summary>
    public ReadOnlySpan<KvBlock> Blocks(int row, int group)
    {
        var table = TableOf(row);
        return blocks.AsSpan(starts[table] + group * lengths[table], lengths[table]);
    }

    /// <summary>The block of a row's sequence that holds a position for a group of layers.</summary>
    public KvBlock BlockOf(int row, int position, int group) => Blocks(row, group)[position / kv.TokensPerBlock];

    protected override int AddTable(ReadOnlySpan<KvBlock> table, LayerRange layers)
    {
        if (blockCount + table.Length > blocks.Length) Array.Resize(ref blocks, Math.Max(2 * blocks.Length, blockCount + table.Length));
        (starts[tableCount], lengths[tableCount]) = (blockCount, table.Length / Groups.Count);
        for (var group = 0; group < Groups.Count; group++)
        {
            var elements = Groups.Shape(group, layers).Layers * UnitElements(group);
            for (var i = group; i < table.Length; i += Groups.Count)
            {
                if (table[i] != KvBlock.None) kv.Require(table[i], elements);
                blocks[blockCount++] = table[i];
            }
        }

        return tableCount++;
    }

    protected override void ClearTables() => blockCount = tableCount = 0;

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

    private LayerRange LayersOf(int count) => new(FirstLayer, FirstLayer + count);
}

/// <summary>Where a layer has its keys and values.</summary>
/// <param name="Group">Its group, which says in which blocks.</param>
/// <param name="Slot">Its place among the layers of the group.</param>
internal readonly record struct KvSlot(int Group, int Slot);

/// <summary>The rows of one sequence at work.</summary>
/// <param name="Start">Its first row, as an index into the rows at work.</param>
/// <param name="Rows">Number of its rows.</param>
/// <param name="Length">Tokens of the sequence up to its last row.</param>
internal readonly record struct Run(int Start, int Rows, int Length);
