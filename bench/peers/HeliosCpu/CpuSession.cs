using Helios.Peers.Measuring;
using Helios.Sdk.Backends;
using Helios.Sdk.ExitPolicies;
using Helios.Sdk.Models;

namespace Helios.Peers.HeliosCpu;

/// <summary>A composed model with KV blocks of its own for every sequence.</summary>
internal sealed class CpuSession : ISession
{
    // As the engine has it by default.
    private const int TokensPerBlock = 16;

    private const int FillRows = 512;

    private readonly Workload workload;
    private readonly int depth;
    private readonly int blocksPerSequence;
    private readonly IKvStore kv;
    private readonly ILayeredModel model;
    private readonly KvBlock[] blocks;
    private readonly int[] tokens;
    private readonly StepRow[] rows;
    private readonly int[] all;
    private readonly SampleRow[] draws;
    private readonly SampledToken[] drawn;
    private int position;

    public CpuSession(IBackend backend, IFixedPart fixedPart, IReadOnlyList<ILayerWeights> layers, MemoryBudget budget, Workload workload)
    {
        this.workload = workload;
        depth = layers.Count;
        var architecture = fixedPart.Architecture;
        var shape = KvGroups.Of(architecture).Shape(group: 0, LayerRange.To(depth));
        blocksPerSequence = (workload.Capacity + TokensPerBlock - 1) / TokensPerBlock;
        blocks = [.. Enumerable.Range(0, workload.Sequences * blocksPerSequence).Select(i => new KvBlock(Slab: 0, i))];
        using (var measure = backend.CreateKvStore(slabBytes: 1, TokensPerBlock))
            kv = backend.CreateKvStore(blocks.Length * measure.BlockBytes(shape), TokensPerBlock);
        kv.AddSlab(budget.TryReserve(kv.SlabBytes)!);

        var maxRows = Math.Max(workload.Rows, FillRows);
        model = backend.Compose(fixedPart, kv, maxRows, budget.TryReserve(backend.MeasureWorkspace(architecture, maxRows))!);
        model.UseLayers(layers);
        tokens = TokenSource.Take(maxRows, architecture.VocabularySize, seed: 2);
        rows = new StepRow[maxRows];
        all = [.. Enumerable.Range(0, maxRows)];
        draws = [.. Enumerable.Range(1, workload.Sequences).Select(i => new SampleRow(i * workload.TokensPerStep - 1, Temperature: 0, TopK: 0, TopP: 1, Uniform: 0, ExitSignals.None))];
        drawn = new SampledToken[draws.Length];
        FillContext();
    }

    public void Rewind() => position = workload.Context;

    /// <summary>Greedy sampling is part of the step.</summary>
    public void Step()
    {
        for (var row = 0; row < workload.Rows; row++)
        {
            var (sequence, token) = Math.DivRem(row, workload.TokensPerStep);
            rows[row] = new StepRow(tokens[row], position + token, sequence * blocksPerSequence, depth);
        }

        Begin(workload.Rows);
        model.Run(LayerRange.To(depth));
        model.Retire(all.AsSpan(0, workload.Rows));
        model.Sample(draws, drawn);
        position += workload.TokensPerStep;
    }

    /// <summary>Runs a text as the first sequence and checks behind every token.</summary>
    public Prediction[] Predict(ReadOnlySpan<int> text, ReadOnlySpan<int> targets)
    {
        for (var row = 0; row < text.Length; row++) rows[row] = new StepRow(text[row], row, FirstBlock: 0, depth);
        Begin(text.Length);
        model.Run(LayerRange.To(depth));
        var signals = new ExitSignal[text.Length];
        model.ReadSignals(new ExitCheck { Rows = all.AsSpan(0, text.Length), Needs = ExitSignals.None, Targets = targets }, signals);
        return [.. signals.Select(signal => new Prediction(signal.TopId, signal.TargetLogProbability))];
    }

    public void Dispose()
    {
        model.Dispose();
        kv.Dispose();
    }

    // Rows that retire at once have their KV filled from the embedding: content of the usual size at a fraction of the time.
    private void FillContext()
    {
        for (var sequence = 0; sequence < workload.Sequences; sequence++)
        {
            for (var start = 0; start < workload.Context; start += FillRows)
            {
                var count = Math.Min(FillRows, workload.Context - start);
                for (var row = 0; row < count; row++) rows[row] = new StepRow(tokens[row], start + row, sequence * blocksPerSequence, depth);
                Begin(count);
                model.Retire(all.AsSpan(0, count));
            }
        }

        position = workload.Context;
    }

    private void Begin(int count) => model.Begin(new StepBatch { Rows = rows.AsSpan(0, count), Blocks = blocks });
}
