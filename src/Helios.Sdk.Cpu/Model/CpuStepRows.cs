using System.Runtime.InteropServices;
using Helios.Sdk.Backends;
using Helios.Sdk.Cpu.Kernels;
using Helios.Sdk.Cpu.Memory;
using Helios.Sdk.Models;

namespace Helios.Sdk.Cpu.Model;

/// <summary>
/// The rows of a step with their block tables turned into addresses, and grouped as they attend. Nothing here grows but the
/// table of addresses, by doubling.
/// </summary>
internal sealed unsafe class CpuStepRows(ModelArchitecture architecture, CpuKvStore kv, int maxRows)
    : StepRows(architecture, maxRows, kv.TokensPerBlock)
{
    private readonly int[] positions = GC.AllocateArray<int>(maxRows, pinned: true);
    private readonly int[] groups = new int[maxRows + 1];
    private nint[] blocks = GC.AllocateUninitializedArray<nint>(64, pinned: true);
    private int blockCount;

    /// <summary>Runs of active rows that attend together: one sequence, at most <see cref="Workspace.AttentionRows"/> rows.</summary>
    public int GroupCount { get; private set; }

    /// <summary>Splits of the longest sequence up to its last active row.</summary>
    public int SplitCount { get; private set; }

    /// <summary>How a layer lies in a block.</summary>
    public KvLayout KvLayout { get; } = kv.Layout(architecture.Stack[0].Attention.KvHeads, architecture.Stack[0].Attention.HeadDim);

    /// <summary>Positions of the active rows.</summary>
    public int* ActivePositions => (int*)Marshal.UnsafeAddrOfPinnedArrayElement(positions, 0);

    /// <summary>The active rows <c>[Start, End)</c> of a group, as indices into <see cref="StepRows.Active"/>.</summary>
    public (int Start, int End) Group(int group) => (groups[group], groups[group + 1]);

    /// <summary>Addresses of the blocks of a row's sequence.</summary>
    public nint* Blocks(int row) => (nint*)Marshal.UnsafeAddrOfPinnedArrayElement(blocks, TableOf(row));

    protected override int AddTable(ReadOnlySpan<KvBlock> table, int kvDepth)
    {
        if (blockCount + table.Length > blocks.Length)
        {
            var larger = GC.AllocateUninitializedArray<nint>(Math.Max(2 * blocks.Length, blockCount + table.Length), pinned: true);
            blocks.AsSpan(0, blockCount).CopyTo(larger);
            blocks = larger;
        }

        var first = blockCount;
        foreach (var block in table) blocks[blockCount++] = (nint)kv.Block(block, kvDepth * KvLayout.LayerBytes);
        return first;
    }

    protected override void ClearTables() => blockCount = GroupCount = 0;

    protected override void Regrouped()
    {
        var last = -1;
        var active = Active;
        GroupCount = 0;
        for (var i = 0; i < active.Length; i++)
        {
            positions[i] = this[active[i]].Position;
            last = Math.Max(last, positions[i]);
            var joins = i > 0 && TableOf(active[i]) == TableOf(active[i - 1]) && i - groups[GroupCount - 1] < Workspace.AttentionRows;
            if (!joins) groups[GroupCount++] = i;
        }

        groups[GroupCount] = active.Length;
        SplitCount = AttentionShape.SplitsOf(last + 1);
    }
}
