using System.Runtime.InteropServices;
using Helios.Sdk.Backends;
using Helios.Sdk.Cpu.Kernels;
using Helios.Sdk.Cpu.Memory;
using Helios.Sdk.Models;

namespace Helios.Sdk.Cpu.Model;

/// <summary>
/// The rows of a step with their block tables turned into addresses, group by group of layers, and run by run as they attend. Nothing here grows
/// but the table of addresses, by doubling.
/// </summary>
internal sealed unsafe class CpuStepRows(ModelArchitecture architecture, CpuKvStore kv, int maxRows)
    : StepRows(architecture, maxRows, kv.TokensPerBlock)
{
    private readonly int[] positions = GC.AllocateArray<int>(maxRows, pinned: true);
    private readonly int[] runs = new int[maxRows + 1];
    private readonly int[] starts = new int[maxRows];
    private readonly int[] lengths = new int[maxRows];
    private readonly KvLayout[] layouts = LayoutsOf(architecture, kv);
    private nint[] blocks = GC.AllocateUninitializedArray<nint>(64, pinned: true);
    private int blockCount;
    private int tableCount;

    /// <summary>Runs of active rows that attend together: one sequence, at most <see cref="Workspace.AttentionRows"/> rows.</summary>
    public int RunCount { get; private set; }

    /// <summary>Splits of the longest sequence up to its last active row.</summary>
    public int SplitCount { get; private set; }

    /// <summary>Where a layer's keys and values lie in blocks.</summary>
    public KvPlace PlaceOf(int layer)
    {
        var group = Groups.GroupOf(layer);
        return new KvPlace(group, layouts[group], Groups.SlotOf(layer, FirstLayer) * layouts[group].LayerBytes);
    }

    /// <summary>Positions of the active rows.</summary>
    public int* ActivePositions => (int*)Marshal.UnsafeAddrOfPinnedArrayElement(positions, 0);

    /// <summary>The active rows <c>[Start, End)</c> of a run, as indices into <see cref="StepRows.Active"/>.</summary>
    public (int Start, int End) Run(int run) => (runs[run], runs[run + 1]);

    /// <summary>Addresses of the blocks of a row's sequence for a group of layers; 0 where there is none.</summary>
    public nint* Blocks(int row, int group)
    {
        var table = TableOf(row);
        return (nint*)Marshal.UnsafeAddrOfPinnedArrayElement(blocks, starts[table]) + group * lengths[table];
    }

    protected override int AddTable(ReadOnlySpan<KvBlock> table, LayerRange layers)
    {
        if (blockCount + table.Length > blocks.Length)
        {
            var larger = GC.AllocateUninitializedArray<nint>(Math.Max(2 * blocks.Length, blockCount + table.Length), pinned: true);
            blocks.AsSpan(0, blockCount).CopyTo(larger);
            blocks = larger;
        }

        (starts[tableCount], lengths[tableCount]) = (blockCount, table.Length / Groups.Count);
        for (var group = 0; group < Groups.Count; group++)
        {
            var bytes = Groups.Shape(group, layers).Layers * layouts[group].LayerBytes;
            for (var i = group; i < table.Length; i += Groups.Count)
                blocks[blockCount++] = table[i] == KvBlock.None ? 0 : (nint)kv.Block(table[i], bytes);
        }

        return tableCount++;
    }

    protected override void ClearTables() => blockCount = tableCount = RunCount = 0;

    protected override void Regrouped()
    {
        var last = -1;
        var active = Active;
        RunCount = 0;
        for (var i = 0; i < active.Length; i++)
        {
            positions[i] = this[active[i]].Position;
            last = Math.Max(last, positions[i]);
            var joins = i > 0 && TableOf(active[i]) == TableOf(active[i - 1]) && i - runs[RunCount - 1] < Workspace.AttentionRows;
            if (!joins) runs[RunCount++] = i;
        }

        runs[RunCount] = active.Length;
        SplitCount = AttentionShape.SplitsOf(last + 1);
    }

    private static KvLayout[] LayoutsOf(ModelArchitecture architecture, CpuKvStore kv)
    {
        var groups = KvGroups.Of(architecture);
        return [.. Enumerable.Range(0, groups.Count).Select(group => groups.Shape(group, default)).Select(shape => kv.Layout(shape.KvHeads, shape.HeadDim))];
    }
}

/// <summary>Where a layer's keys and values lie.</summary>
/// <param name="Group">Group of the layer, which says which blocks.</param>
/// <param name="Layout">How a layer lies in them.</param>
/// <param name="Offset">First byte of the layer in each.</param>
internal readonly record struct KvPlace(int Group, KvLayout Layout, long Offset);
