using Helios.Sdk.Cpu.Formats;
using Helios.Sdk.Cpu.Kernels;
using Helios.Sdk.Cpu.Loading;
using Helios.Sdk.Cpu.Threading;
using Helios.Sdk.Models;

namespace Helios.Sdk.Cpu.Model;

/// <summary>
/// One transformer layer over some rows, as a list of phases. A phase goes over rows in items of a few, or, where
/// there is little to do, on the calling thread alone.
/// </summary>
internal sealed unsafe class LayerPhases : IParallelWork
{
    private const int RowsPerItem = 8;
    private const int InlineElements = 1 << 13;

    private readonly ModelArchitecture architecture;
    private readonly CpuKernels kernels;
    private readonly WorkerPool pool;
    private readonly Workspace space;
    private readonly CpuStepRows rows;
    private readonly MatMulWork product;
    private readonly CpuFixedPart fixedPart;
    private readonly double[] frequencies;
    private readonly float queryScale;
    private readonly int[] selected;
    private int selectedCount;
    private int slot;
    private float* norm;
    private Phase phase;

    public LayerPhases(CpuFixedPart fixedPart, CpuKernels kernels, WorkerPool pool, Workspace space, CpuStepRows rows)
    {
        this.fixedPart = fixedPart;
        architecture = fixedPart.Architecture;
        this.kernels = kernels;
        this.pool = pool;
        this.space = space;
        this.rows = rows;
        product = new MatMulWork(kernels, pool);
        frequencies = architecture.RopeScaling.InverseFrequencies(architecture.HeadDim, architecture.RopeTheta);
        queryScale = (float)(1 / Math.Sqrt(architecture.HeadDim));
        selected = new int[rows.Capacity];
    }

    private enum Phase
    {
        /// <summary>Embedding and rotation of each row of the step.</summary>
        Embed,

        /// <summary>Cosines and sines alone: the states stay.</summary>
        TurnTable,

        /// <summary>Norm of the state.</summary>
        Norm,

        /// <summary>Residual addition, then norm of the state.</summary>
        AddNorm,

        /// <summary>Residual addition.</summary>
        Add,

        /// <summary>Rotation of queries and keys; keys and values go to their KV blocks.</summary>
        Rotate,

        /// <summary>The same without queries.</summary>
        RotateKeys,

        /// <summary>Attention, an item being a group of rows and a key/value head.</summary>
        Attend,

        /// <summary>Attention of few rows to long sequences, an item being a split of the same.</summary>
        AttendSplits,

        /// <summary>Results of the splits, an item being a group of rows and a key/value head.</summary>
        MergeSplits,

        /// <summary>SwiGLU.</summary>
        Gate,
    }

    /// <summary>Starts the states of the step.</summary>
    public void Embed()
    {
        Select(rows.Active);
        Run(Phase.Embed, space.Hidden);
    }

    /// <summary>Prepares the positions of a step whose states stay as they are.</summary>
    public void Resume()
    {
        Select(rows.Active);
        Run(Phase.TurnTable, architecture.HeadDim);
    }

    /// <summary>Runs a layer over the active rows.</summary>
    /// <param name="layer">The layer.</param>
    /// <param name="kvSlot">Its place in KV blocks.</param>
    public void Layer(CpuLayerWeights layer, int kvSlot)
    {
        Select(rows.Active);
        slot = kvSlot;
        norm = layer.AttentionNorm;
        Run(Phase.Norm, space.Hidden);
        product.Run(layer.QueryKeyValue, space.Normed, space.Hidden, space.Projections, space.ProjectionStride, selectedCount);
        Run(Phase.Rotate, space.ProjectionStride);
        Attend();
        product.Run(layer.AttentionOutput, space.Projections, space.ProjectionStride, space.Outputs, space.Hidden, selectedCount);
        norm = layer.FeedForwardNorm;
        Run(Phase.AddNorm, space.Hidden);
        product.Run(layer.GateUp, space.Normed, space.Hidden, space.GateUp, space.GateUpStride, selectedCount);
        Run(Phase.Gate, space.GateUpStride);
        product.Run(layer.Down, space.GateUp, space.GateUpStride, space.Outputs, space.Hidden, selectedCount);
        Run(Phase.Add, space.Hidden);
    }

    /// <summary>Writes a layer's keys and values for rows that do not run it, from the states they retired with.</summary>
    /// <param name="layer">The layer.</param>
    /// <param name="kvSlot">Its place in KV blocks.</param>
    /// <param name="candidates">Rows; those that keep KV for the slot are filled.</param>
    public void FillKv(CpuLayerWeights layer, int kvSlot, ReadOnlySpan<int> candidates)
    {
        selectedCount = 0;
        foreach (var row in candidates)
        {
            if (kvSlot < rows[row].KvDepth) selected[selectedCount++] = row;
        }

        if (selectedCount == 0) return;
        slot = kvSlot;
        norm = layer.AttentionNorm;
        Run(Phase.Norm, space.Hidden);
        product.Run(
            layer.QueryKeyValue, space.Normed, space.Hidden, space.Projections, space.ProjectionStride, selectedCount,
            first: space.KeyOffset / PackedMatrix.BlockRows);
        Run(Phase.RotateKeys, space.ProjectionStride);
    }

    public void Execute(int item, int worker)
    {
        switch (phase)
        {
            case Phase.Attend:
                kernels.Attend(AttentionOf(item, worker));
                break;
            case Phase.AttendSplits:
                var (task, split) = Math.DivRem(item, rows.SplitCount);
                kernels.AttendSplit(AttentionOf(task, worker), split);
                break;
            case Phase.MergeSplits:
                kernels.MergeSplits(AttentionOf(item, worker));
                break;
            default:
                var end = Math.Min(selectedCount, (item + 1) * RowsPerItem);
                for (var i = item * RowsPerItem; i < end; i++) ExecuteRow(i, selected[i]);
                break;
        }
    }

    // Either way gives the same results: splits are what a row's attention is made of in any case.
    private void Attend()
    {
        var items = rows.GroupCount * architecture.KvHeads;
        if (rows.SplitCount == 1 || rows.SplitCount > space.Splits || rows.ActiveCount > space.SplitRows)
        {
            phase = Phase.Attend;
            pool.Run(this, items);
            return;
        }

        phase = Phase.AttendSplits;
        pool.Run(this, items * rows.SplitCount);
        phase = Phase.MergeSplits;
        pool.Run(this, items);
    }

    private void Select(ReadOnlySpan<int> some)
    {
        some.CopyTo(selected);
        selectedCount = some.Length;
    }

    private void Run(Phase next, int elementsPerRow)
    {
        phase = next;
        if ((long)selectedCount * elementsPerRow <= InlineElements)
        {
            for (var i = 0; i < selectedCount; i++) ExecuteRow(i, selected[i]);
            return;
        }

        pool.Run(this, (selectedCount + RowsPerItem - 1) / RowsPerItem);
    }

    private void ExecuteRow(int index, int row)
    {
        var state = space.States + (nint)row * space.Hidden;
        var normed = space.Normed + (nint)index * space.Hidden;
        var output = space.Outputs + (nint)index * space.Hidden;
        var gate = space.GateUp + (nint)index * space.GateUpStride;
        switch (phase)
        {
            case Phase.Embed:
                Embed(row, state);
                Turn(row);
                break;
            case Phase.TurnTable:
                Turn(row);
                break;
            case Phase.Norm:
                kernels.RmsNorm(state, norm, normed, architecture.HiddenSize, Padded(architecture.HiddenSize), architecture.NormEpsilon);
                break;
            case Phase.AddNorm:
                kernels.Add(state, output, Padded(architecture.HiddenSize));
                kernels.RmsNorm(state, norm, normed, architecture.HiddenSize, Padded(architecture.HiddenSize), architecture.NormEpsilon);
                break;
            case Phase.Add:
                kernels.Add(state, output, Padded(architecture.HiddenSize));
                break;
            case Phase.Rotate:
                RotateQueries(index, row);
                StoreKv(index, row);
                break;
            case Phase.RotateKeys:
                StoreKv(index, row);
                break;
            case Phase.Gate:
                kernels.Gate(gate, gate + space.UpOffset, space.UpOffset);
                break;
            default:
                throw new InvalidOperationException($"{phase} does not go by rows.");
        }
    }

    // The padding is cleared too: a NaN that a row left there must not outlive it.
    private void Embed(int row, float* state)
    {
        fixedPart.Embed(rows[row].TokenId, state);
        new Span<float>(state + architecture.HiddenSize, space.Hidden - architecture.HiddenSize).Clear();
    }

    // In double: at position 100,000 a float angle would be off by a hundredth of a radian.
    private void Turn(int row)
    {
        var cosines = Cosines(row);
        for (var i = 0; i < frequencies.Length; i++)
        {
            var (sin, cos) = Math.SinCos(rows[row].Position * frequencies[i]);
            cosines[i] = (float)cos;
            cosines[frequencies.Length + i] = (float)sin;
        }
    }

    private void RotateQueries(int index, int row)
    {
        var queries = space.Projections + (nint)index * space.ProjectionStride;
        var cosines = Cosines(row);
        var half = architecture.HeadDim / 2;
        for (var head = 0; head < architecture.Heads; head++)
            kernels.Rotate(queries + head * architecture.HeadDim, cosines, cosines + half, half, queryScale);
    }

    private void StoreKv(int index, int row)
    {
        var projections = space.Projections + (nint)index * space.ProjectionStride;
        var cosines = Cosines(row);
        var (layout, headDim, half) = (rows.KvLayout, architecture.HeadDim, architecture.HeadDim / 2);
        var (block, token) = Math.DivRem(rows[row].Position, layout.TokensPerBlock);
        var layer = (byte*)rows.Blocks(row)[block] + slot * layout.LayerBytes;
        for (var head = 0; head < architecture.KvHeads; head++)
        {
            var key = projections + space.KeyOffset + head * headDim;
            kernels.Rotate(key, cosines, cosines + half, half, 1);
            layout.Store(layer, head, token, key, projections + space.ValueOffset + head * headDim);
        }
    }

    private AttentionTask AttentionOf(int item, int worker)
    {
        var (group, kvHead) = Math.DivRem(item, architecture.KvHeads);
        var (start, end) = rows.Group(group);
        var heads = architecture.Heads / architecture.KvHeads;
        var splitStride = (nint)space.SplitRows * space.SplitRowFloats;
        return new AttentionTask
        {
            Queries = space.Projections + (nint)start * space.ProjectionStride + kvHead * heads * architecture.HeadDim,
            RowStride = space.ProjectionStride,
            Positions = rows.ActivePositions + start,
            Rows = end - start,
            Heads = heads,
            KvHead = kvHead,
            Blocks = rows.Blocks(rows.Active[start]),
            LayerOffset = slot * rows.KvLayout.LayerBytes,
            Layout = rows.KvLayout,
            Scratch = space.AttentionScratch(worker),
            States = space.SplitStates + kvHead * rows.SplitCount * splitStride + start * space.SplitRowFloats,
            SplitStride = splitStride,
        };
    }

    private float* Cosines(int row) => space.Rotations + (nint)row * architecture.HeadDim;

    private static int Padded(int elements) => (elements + 15) & ~15;
}
