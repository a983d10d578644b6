using Helios.Sdk.Backends;
using Helios.Sdk.Cpu.Formats;
using Helios.Sdk.Cpu.Kernels;
using Helios.Sdk.Cpu.Loading;
using Helios.Sdk.Cpu.Threading;
using Helios.Sdk.ExitPolicies;
using Helios.Sdk.Models;

namespace Helios.Sdk.Cpu.Model;

/// <summary>
/// Norm, head and the reduction to scalars. Goes in tiles of a few rows, so that logits exist for those alone.
/// </summary>
internal sealed unsafe class HeadReader : IParallelWork
{
    private readonly ModelArchitecture architecture;
    private readonly CpuFixedPart fixedPart;
    private readonly CpuKernels kernels;
    private readonly WorkerPool pool;
    private readonly Workspace space;
    private readonly CpuStepRows rows;
    private readonly MatMulWork product;
    private readonly ExitStates exits;
    private readonly Entry[] tile;
    private CpuLayerWeights[] layers = [];
    private int count;

    public HeadReader(CpuFixedPart fixedPart, CpuKernels kernels, WorkerPool pool, Workspace space, CpuStepRows rows)
    {
        this.fixedPart = fixedPart;
        architecture = fixedPart.Architecture;
        this.kernels = kernels;
        this.pool = pool;
        this.space = space;
        this.rows = rows;
        product = new MatMulWork(kernels, pool);
        exits = new ExitStates(kernels, pool, space, architecture);
        tile = new Entry[Math.Min(Workspace.LogitRows, rows.Capacity)];
    }

    /// <summary>Signals of rows at one depth.</summary>
    public void Read(CpuLayerWeights[] inUse, int depth, in ExitCheck check, Span<ExitSignal> signals)
    {
        (layers, count) = (inUse, 0);
        for (var i = 0; i < check.Rows.Length; i++)
        {
            var target = check.Targets.IsEmpty ? ExitCheck.NoTarget : check.Targets[i];
            tile[count++] = new Entry { Row = check.Rows[i], Output = i, Depth = depth, Needs = check.Needs, Target = target };
            if (count < tile.Length && i + 1 < check.Rows.Length) continue;
            Compute(HeadAt(depth));
            for (var e = 0; e < count; e++) signals[tile[e].Output] = tile[e].Signal;
            count = 0;
        }
    }

    /// <summary>Draws tokens for rows, those still in the walk at the present depth. Rows that share a head share a pass over it.</summary>
    public void Sample(CpuLayerWeights[] inUse, int present, ReadOnlySpan<SampleRow> draws, Span<SampledToken> tokens)
    {
        (layers, count) = (inUse, 0);
        SampleWith(fixedPart.Head, present, draws, tokens);
        foreach (var layer in layers)
        {
            if (layer.ExitHead is { } head) SampleWith(head, present, draws, tokens);
        }
    }

    /// <summary>The likeliest tokens, in order: a token must beat the last of those found, which after the first few hardly any does.</summary>
    internal static void FindLikeliest(ReadOnlySpan<float> logits, in LogitSummary summary, Span<TokenLogProbability> likeliest)
    {
        var found = 0;
        var least = float.NegativeInfinity;
        for (var id = 0; id < logits.Length; id++)
        {
            if (found == likeliest.Length && !(logits[id] > least)) continue;
            var place = found < likeliest.Length ? found++ : found - 1;
            for (; place > 0 && logits[id] > logits[likeliest[place - 1].TokenId]; place--) likeliest[place] = likeliest[place - 1];
            likeliest[place] = new TokenLogProbability(id, LogProbability(summary, logits[id]));
            least = logits[likeliest[found - 1].TokenId];
        }
    }

    public void Execute(int item, int worker)
    {
        ref var entry = ref tile[item];
        var (size, padded) = (architecture.VocabularySize, space.LogitStride);
        var logits = space.Logits + (nint)item * padded;
        Finish(logits, entry);
        new Span<float>(logits + size, padded - size).Fill(float.NegativeInfinity);

        var summary = kernels.Summarise(logits, size, padded, Wants(entry, ExitSignals.Entropy));
        entry.Signal = Signal(summary, entry, logits);
        if (!entry.Draws) return;
        var token = entry.Draw.Edit is null ? Draw(logits, summary, entry, worker) : DrawEdited(logits, entry, worker);
        entry.Token = new SampledToken(token, LogProbability(summary, logits[token]), entry.Signal);
        if (!entry.Draw.Likeliest.IsEmpty) FindLikeliest(new ReadOnlySpan<float>(logits, size), summary, entry.Draw.Likeliest.Span);
    }

    // Enum.HasFlag allocates until the JIT has optimised its caller.
    private static bool Wants(in Entry entry, ExitSignals signal) => (entry.Needs & signal) == signal;

    private static float LogProbability(in LogitSummary summary, float logit) =>
        (float)((double)logit - summary.Max - Math.Log(summary.Sum));

    private static ExitSignal Signal(in LogitSummary summary, in Entry entry, float* logits)
    {
        var signal = new ExitSignal { TopId = summary.TopId };
        if (Wants(entry, ExitSignals.Top1)) signal.Top1 = (float)(1 / summary.Sum);
        if (Wants(entry, ExitSignals.Margin)) signal.Margin = (float)((1 - Math.Exp((double)summary.Second - summary.Max)) / summary.Sum);
        if (Wants(entry, ExitSignals.Entropy)) signal.Entropy = (float)(Math.Log(summary.Sum) - summary.Weighted / summary.Sum);
        if (entry.Target >= 0) signal.TargetLogProbability = LogProbability(summary, logits[entry.Target]);
        return signal;
    }

    private int Draw(float* logits, in LogitSummary summary, in Entry entry, int worker) =>
        Sampler.Draw(kernels, logits, architecture.VocabularySize, space.LogitStride, summary, entry.Draw, space.SampleScratch(worker));

    // In a copy: log probabilities are read from the row as it was.
    private int DrawEdited(float* logits, in Entry entry, int worker)
    {
        var edited = space.EditedLogits(worker);
        new ReadOnlySpan<float>(logits, space.LogitStride).CopyTo(new Span<float>(edited, space.LogitStride));
        entry.Draw.Edit!.Edit(rows[entry.Row].Position, new Span<float>(edited, architecture.VocabularySize));
        var summary = kernels.Summarise(edited, architecture.VocabularySize, space.LogitStride, weighted: false);
        return Draw(edited, summary, entry, worker);
    }

    private void SampleWith(PackedMatrix head, int present, ReadOnlySpan<SampleRow> draws, Span<SampledToken> tokens)
    {
        for (var i = 0; i < draws.Length; i++)
        {
            var depth = rows.DepthOf(draws[i].Row, present);
            if (HeadAt(depth) != head) continue;
            tile[count++] = new Entry { Row = draws[i].Row, Output = i, Depth = depth, Needs = draws[i].Needs, Target = ExitCheck.NoTarget, Draws = true, Draw = draws[i] };
            if (count == tile.Length) Flush(head, tokens);
        }

        if (count > 0) Flush(head, tokens);
    }

    private void Flush(PackedMatrix head, Span<SampledToken> tokens)
    {
        Compute(head);
        for (var e = 0; e < count; e++) tokens[tile[e].Output] = tile[e].Token;
        count = 0;
    }

    private void Compute(PackedMatrix head)
    {
        Transform();
        for (var e = 0; e < count; e++)
        {
            var state = TransformAt(tile[e].Depth) is null ? space.States + (nint)tile[e].Row * space.Hidden : space.Outputs + (nint)e * space.Hidden;
            var normed = space.Normed + (nint)e * space.Hidden;
            if (NormAt(tile[e].Depth) is { } norm) kernels.Norm(norm, state, normed, architecture.HiddenSize);
            else new ReadOnlySpan<float>(state, space.Hidden).CopyTo(new Span<float>(normed, space.Hidden));
        }

        var input = space.Normed;
        if (fixedPart.HeadProjection is { } projection)
        {
            product.Run(projection, input, space.Hidden, space.Outputs, space.Hidden, count);
            input = space.Outputs;
        }

        product.Run(head, input, space.Hidden, space.Logits, space.LogitStride, count);
        pool.Run(this, count);
    }

    // What exits compute before their norm goes to outputs: for entries of one exit that lie next to each other together.
    private void Transform()
    {
        for (int first = 0, end; first < count; first = end)
        {
            var depth = tile[first].Depth;
            var layer = TransformAt(depth);
            var states = space.Outputs + (nint)first * space.Hidden;
            for (end = first; end < count && tile[end].Depth == depth; end++)
            {
                if (layer is null) continue;
                new ReadOnlySpan<float>(space.States + (nint)tile[end].Row * space.Hidden, space.Hidden).CopyTo(new Span<float>(space.Outputs + (nint)end * space.Hidden, space.Hidden));
            }

            if (layer is not null) exits.Run(layer, states, end - first);
        }
    }

    private CpuLayerWeights? TransformAt(int depth) => LayerBefore(depth) is { Layout.ExitTransform: not null } layer ? layer : null;

    private CpuLayerWeights? LayerBefore(int depth)
    {
        var index = layers.Length == 0 ? -1 : depth - 1 - layers[0].Layer;
        return (uint)index < (uint)layers.Length ? layers[index] : null;
    }

    private PackedMatrix HeadAt(int depth) => LayerBefore(depth)?.ExitHead ?? fixedPart.Head;

    private CpuNorm? NormAt(int depth) => LayerBefore(depth)?.ExitNorm ?? fixedPart.FinalNorm;

    // What the model makes of the product: bias of its own head, scale, soft-cap.
    private void Finish(float* logits, in Entry entry)
    {
        var head = architecture.Head;
        if (fixedPart.HeadBias is not null && HeadAt(entry.Depth) == fixedPart.Head) kernels.Add(logits, fixedPart.HeadBias, space.LogitStride);
        if (!head.Scale.Equals(1f)) kernels.Scale(logits, head.Scale, architecture.VocabularySize);
        if (head.SoftCap is { } cap) kernels.SoftCap(logits, cap, space.LogitStride);
    }

    private struct Entry
    {
        public int Row;
        public int Output;
        public int Depth;
        public ExitSignals Needs;
        public int Target;
        public bool Draws;
        public SampleRow Draw;
        public ExitSignal Signal;
        public SampledToken Token;
    }
}
