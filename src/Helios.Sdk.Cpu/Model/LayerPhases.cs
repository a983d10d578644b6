using Helios.Sdk.Cpu.Formats;
using Helios.Sdk.Cpu.Kernels;
using Helios.Sdk.Cpu.Loading;
using Helios.Sdk.Cpu.Threading;
using Helios.Sdk.Models;

namespace Helios.Sdk.Cpu.Model;

/// <summary>One transformer layer over some rows, as a list of phases.</summary>
internal sealed unsafe class LayerPhases : IRowWork
{
    private readonly ModelArchitecture architecture;
    private readonly CpuKernels kernels;
    private readonly Workspace space;
    private readonly CpuStepRows rows;
    private readonly MatMulWork product;
    private readonly RowRunner runner;
    private readonly FeedForward feedForward;
    private readonly AttentionPhases attention;
    private readonly CpuFixedPart fixedPart;
    private readonly RotaryTables rotary;
    private readonly int[] selected;
    private int selectedCount;
    private KvPlace place;
    private CpuLayerWeights? layer;
    private Phase phase;

    public LayerPhases(CpuFixedPart fixedPart, CpuKernels kernels, WorkerPool pool, Workspace space, CpuStepRows rows)
    {
        this.fixedPart = fixedPart;
        architecture = fixedPart.Architecture;
        this.kernels = kernels;
        this.space = space;
        this.rows = rows;
        product = new MatMulWork(kernels, pool);
        runner = new RowRunner(pool);
        feedForward = new FeedForward(kernels, pool, space, architecture, rows.Capacity);
        attention = new AttentionPhases(kernels, pool, space, rows);
        rotary = new RotaryTables(architecture);
        selected = new int[rows.Capacity];
    }

    private enum Phase
    {
        /// <summary>Embedding and rotation of each row of the step.</summary>
        Embed,

        /// <summary>Embedding, to be projected.</summary>
        EmbedNarrow,

        /// <summary>The projected embedding, and rotation.</summary>
        EmbedWide,

        /// <summary>Cosines and sines alone: the states stay.</summary>
        TurnTable,

        /// <summary>Input of attention.</summary>
        Enter,

        /// <summary>Biases, norms and rotation of queries and keys; keys and values go to their KV blocks.</summary>
        Rotate,

        /// <summary>The same without queries.</summary>
        RotateKeys,

        /// <summary>Attention's output into the state; input of the feed-forward part.</summary>
        Between,

        /// <summary>The feed-forward part's output into the state.</summary>
        Leave,
    }

    /// <summary>Starts the states of the step.</summary>
    public void Embed()
    {
        Select(rows.Active);
        if (fixedPart.EmbeddingProjection is not { } projection)
        {
            Run(Phase.Embed, space.Hidden);
            return;
        }

        Run(Phase.EmbedNarrow, space.Hidden);
        product.Run(projection, space.Normed, space.Hidden, space.Outputs, space.Hidden, selectedCount);
        Run(Phase.EmbedWide, space.Hidden);
    }

    /// <summary>Prepares the positions of a step whose states stay as they are.</summary>
    public void Resume()
    {
        Select(rows.Active);
        Run(Phase.TurnTable, rotary.RowFloats);
    }

    /// <summary>Runs a layer over the active rows.</summary>
    /// <param name="run">The layer.</param>
    public void Layer(CpuLayerWeights run)
    {
        Select(rows.Active);
        (layer, place) = (run, rows.PlaceOf(run.Layer));
        Run(Phase.Enter, space.Hidden);
        product.Run(run.QueryKeyValue.Weight, space.Normed, space.Hidden, space.Projections, space.ProjectionStride, selectedCount);
        Run(Phase.Rotate, space.ProjectionStride);
        attention.Run(run.Layout.Attention, place);
        product.Run(run.AttentionOutput.Weight, space.Projections, space.ProjectionStride, space.Outputs, space.Hidden, selectedCount);
        Run(Phase.Between, space.Hidden);
        feedForward.Run(run, selectedCount);
        Run(Phase.Leave, space.Hidden);
    }

    /// <summary>Writes a layer's keys and values for rows that do not run it, from the states they retired with.</summary>
    /// <param name="run">The layer.</param>
    /// <param name="candidates">Rows; those that keep KV for the layer are filled.</param>
    public void FillKv(CpuLayerWeights run, ReadOnlySpan<int> candidates)
    {
        selectedCount = 0;
        foreach (var row in candidates)
        {
            if (run.Layer - rows.FirstLayer < rows[row].KvDepth) selected[selectedCount++] = row;
        }

        if (selectedCount == 0) return;
        (layer, place) = (run, rows.PlaceOf(run.Layer));
        Run(Phase.Enter, space.Hidden);
        product.Run(
            run.QueryKeyValue.Weight, space.Normed, space.Hidden, space.Projections, space.ProjectionStride, selectedCount,
            first: run.KeyOffset / PackedMatrix.BlockRows);
        Run(Phase.RotateKeys, space.ProjectionStride);
    }

    public void DoRow(int index)
    {
        var row = selected[index];
        var state = space.States + (nint)row * space.Hidden;
        var normed = space.Normed + (nint)index * space.Hidden;
        var output = space.Outputs + (nint)index * space.Hidden;
        switch (phase)
        {
            case Phase.Embed:
                Embed(row, state);
                Complete(row, state, output);
                break;
            case Phase.EmbedNarrow:
                Embed(row, normed);
                break;
            case Phase.EmbedWide:
                Copy(output, state);
                Complete(row, state, output);
                break;
            case Phase.TurnTable:
                Turn(row);
                break;
            case Phase.Enter:
                Norm(layer!.AttentionNorm, state, normed);
                break;
            case Phase.Rotate:
                RotateQueries(index, row);
                StoreKv(index, row);
                break;
            case Phase.RotateKeys:
                StoreKv(index, row);
                break;
            case Phase.Between:
                if (layer!.Layout.IsParallel) Norm(layer.FeedForwardNorm, state, normed);
                Add(output, layer.AttentionOutput, layer.AttentionPostNorm, state);
                if (!layer.Layout.IsParallel) Norm(layer.FeedForwardNorm, state, normed);
                break;
            default:
                Add(output, layer!.Router is null ? layer.Networks[0].Down : null, layer.FeedForwardPostNorm, state);
                break;
        }
    }

    private void Select(ReadOnlySpan<int> some)
    {
        some.CopyTo(selected);
        selectedCount = some.Length;
    }

    private void Run(Phase next, int elementsPerRow)
    {
        phase = next;
        runner.Run(this, selectedCount, elementsPerRow);
    }

    // A branch's output into the residual stream: bias, norm of the output, scale, addition, norm of the sum.
    private void Add(float* output, CpuLinear? last, CpuNorm? norm, float* state)
    {
        var layout = layer!.Layout;
        var padded = Workspace.Pad(architecture.HiddenSize);
        if (last is not null && last.Bias is not null) kernels.Add(output, last.Bias, padded);
        var normsSum = layout.NormPosition == NormPosition.AfterResidual;
        if (norm is not null && !normsSum) Norm(norm, output, output);
        if (layout.ResidualScale.Equals(1f)) kernels.Add(state, output, padded);
        else kernels.AddScaled(state, output, layout.ResidualScale, padded);
        if (norm is not null && normsSum) Norm(norm, state, state);
    }

    // Without a norm the input is what goes on.
    private void Norm(CpuNorm? norm, float* from, float* to)
    {
        if (norm is null) Copy(from, to);
        else kernels.Norm(norm, from, to, architecture.HiddenSize);
    }

    private void Copy(float* from, float* to) => new ReadOnlySpan<float>(from, space.Hidden).CopyTo(new Span<float>(to, space.Hidden));

    // The padding is cleared too: a NaN that a row left there must not outlive it.
    private void Embed(int row, float* target)
    {
        var width = architecture.Embedding.Width;
        fixedPart.Embed(rows[row].TokenId, target);
        new Span<float>(target + width, space.Hidden - width).Clear();
        if (!architecture.Embedding.Scale.Equals(1f)) kernels.Scale(target, architecture.Embedding.Scale, width);
    }

    private void Complete(int row, float* state, float* spare)
    {
        Turn(row);
        if (!fixedPart.TryReadPosition(rows[row].Position, spare)) return;
        var padded = Workspace.Pad(architecture.HiddenSize);
        new Span<float>(spare + architecture.HiddenSize, padded - architecture.HiddenSize).Clear();
        kernels.Add(state, spare, padded);
    }

    private void Turn(int row) => rotary.Fill(TablesOf(row), rows[row].Position, rows[row].Length);

    private void RotateQueries(int index, int row)
    {
        var a = layer!.Layout.Attention;
        var queries = space.Projections + (nint)index * space.ProjectionStride;
        if (layer.QueryKeyValue.Bias is var bias && bias is not null) kernels.Add(queries, bias, layer.KeyOffset);
        NormHeads(queries, a.Heads, layer.QueryNorm);
        var cosines = rotary.Of(TablesOf(row), layer.Layer);
        for (var head = 0; head < a.Heads; head++) Rotate(queries + head * a.HeadDim, cosines, a.Scale);
    }

    private void StoreKv(int index, int row)
    {
        var a = layer!.Layout.Attention;
        var projections = space.Projections + (nint)index * space.ProjectionStride;
        var keys = projections + layer.KeyOffset;
        var values = projections + layer.ValueOffset;
        if (layer.QueryKeyValue.Bias is var bias && bias is not null) kernels.Add(keys, bias + layer.KeyOffset, 2 * (layer.ValueOffset - layer.KeyOffset));
        NormHeads(keys, a.KvHeads, layer.KeyNorm);
        var cosines = rotary.Of(TablesOf(row), layer.Layer);
        var layout = place.Layout;
        var (block, token) = Math.DivRem(rows[row].Position, layout.TokensPerBlock);
        var to = (byte*)rows.Blocks(row, place.Group)[block] + place.Offset;
        for (var head = 0; head < a.KvHeads; head++)
        {
            Rotate(keys + head * a.HeadDim, cosines, 1);
            layout.Store(to, head, token, keys + head * a.HeadDim, values + head * a.HeadDim);
        }
    }

    private void NormHeads(float* heads, int count, CpuNorm? norm)
    {
        if (norm is null) return;
        var a = layer!.Layout.Attention;
        var (pieces, size) = a.NormsWholeProjection ? (1, count * a.HeadDim) : (count, a.HeadDim);
        for (var piece = 0; piece < pieces; piece++) kernels.RmsNormInPlace(heads + piece * size, norm.Weight, size, norm.Layout.Epsilon);
    }

    // What does not turn is scaled all the same.
    private void Rotate(float* head, float* cosines, float scale)
    {
        var a = layer!.Layout.Attention;
        var turning = cosines is null ? 0 : a.Rotary!.Dimensions;
        if (turning > 0) kernels.Rotate(head, cosines, cosines + turning / 2, turning / 2, scale);
        if (turning < a.HeadDim && !scale.Equals(1f)) kernels.Scale(head + turning, scale, a.HeadDim - turning);
    }

    private float* TablesOf(int row) => space.Rotations + (nint)row * rotary.RowFloats;
}
