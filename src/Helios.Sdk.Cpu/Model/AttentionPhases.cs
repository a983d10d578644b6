using Helios.Sdk.Cpu.Kernels;
using Helios.Sdk.Cpu.Threading;
using Helios.Sdk.Models;

namespace Helios.Sdk.Cpu.Model;

/// <summary>Attention of the active rows, an item being a group of rows and a key/value head; of few rows to long sequences, a split of that.</summary>
internal sealed unsafe class AttentionPhases(CpuKernels kernels, WorkerPool pool, Workspace space, CpuStepRows rows) : IParallelWork
{
    private AttentionLayout? layout;
    private KvPlace kv;
    private Phase phase;

    private enum Phase
    {
        /// <summary>All splits.</summary>
        Attend,

        /// <summary>One split.</summary>
        AttendSplits,

        /// <summary>Results of the splits.</summary>
        MergeSplits,
    }

    /// <summary>Attends; results take the place of the queries. Either way gives the same: splits are what a row's attention is made of in any case.</summary>
    /// <param name="attention">The layer's attention.</param>
    /// <param name="place">Where its keys and values lie.</param>
    public void Run(AttentionLayout attention, in KvPlace place)
    {
        (layout, kv) = (attention, place);
        var items = rows.RunCount * attention.KvHeads;
        if (rows.SplitCount == 1 || rows.SplitCount > space.Splits || rows.ActiveCount > space.SplitRows)
        {
            Run(Phase.Attend, items);
            return;
        }

        Run(Phase.AttendSplits, items * rows.SplitCount);
        Run(Phase.MergeSplits, items);
    }

    public void Execute(int item, int worker)
    {
        switch (phase)
        {
            case Phase.Attend:
                kernels.Attend(TaskOf(item, worker));
                break;
            case Phase.AttendSplits:
                var (task, split) = Math.DivRem(item, rows.SplitCount);
                kernels.AttendSplit(TaskOf(task, worker), split);
                break;
            default:
                kernels.MergeSplits(TaskOf(item, worker));
                break;
        }
    }

    private void Run(Phase next, int items)
    {
        phase = next;
        pool.Run(this, items);
    }

    private AttentionTask TaskOf(int item, int worker)
    {
        var a = layout!;
        var (run, kvHead) = Math.DivRem(item, a.KvHeads);
        var (start, end) = rows.Run(run);
        var heads = a.Heads / a.KvHeads;
        var splitStride = (nint)space.SplitRows * space.SplitRowFloats;
        return new AttentionTask
        {
            Queries = space.Projections + (nint)start * space.ProjectionStride + kvHead * heads * a.HeadDim,
            RowStride = space.ProjectionStride,
            Positions = rows.ActivePositions + start,
            Rows = end - start,
            Heads = heads,
            KvHead = kvHead,
            Blocks = rows.Blocks(rows.Active[start], kv.Group),
            LayerOffset = kv.Offset,
            Window = a.Window ?? 0,
            SoftCap = a.SoftCap ?? 0,
            Layout = kv.Layout,
            Scratch = space.AttentionScratch(worker),
            States = space.SplitStates + kvHead * rows.SplitCount * splitStride + start * space.SplitRowFloats,
            SplitStride = splitStride,
        };
    }
}
