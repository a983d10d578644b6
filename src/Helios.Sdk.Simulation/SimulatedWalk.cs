using Helios.Sdk.Backends;
using Helios.Sdk.ExitPolicies;
using Helios.Sdk.Models;

namespace Helios.Sdk.Simulation;

/// <summary>
/// A model of the script as the engine walks it: layers and head take their time, and what a row says follows from its text and
/// its position, wherever and however often it runs. Every token of a text is the text's number, so a row shows whose it is.
/// </summary>
internal sealed class SimulatedWalk(SimulatedCheckpoint model, SimulatedMachine machine, TextRandom texts, int maxRows, MemoryReservation bytes) : ILayeredModel
{
    private readonly StepRow[] rows = new StepRow[maxRows];
    private readonly int[] leftAt = new int[maxRows];
    private int active;
    private long context;
    private int depth;

    /// <summary>What the script says of it.</summary>
    public SimulatedCheckpoint Model => model;

    public void UseLayers(IReadOnlyList<ILayerWeights> layers)
    {
    }

    public void Begin(in StepBatch batch)
    {
        if (batch.Resume) throw NotSupported("is not run layer by layer");
        batch.Rows.CopyTo(rows);
        (active, context, depth) = (batch.Rows.Length, 0, 0);
        leftAt.AsSpan(0, active).Clear();
        foreach (ref readonly var row in batch.Rows) context += row.Position + 1;
        machine.BeginStep();
        machine.Compute(model.OtherSeconds);
    }

    public void Extend(ReadOnlySpan<RowToken> tokens) => throw NotSupported("drafts nothing");

    public void Run(LayerRange layers)
    {
        machine.Compute(model.LayerSeconds(layers.Count, active, context));
        depth = layers.End;
    }

    public void ReadSignals(in ExitCheck check, Span<ExitSignal> signals) => throw NotSupported("has no exits per token");

    public void Retire(ReadOnlySpan<int> leaving)
    {
        foreach (var row in leaving)
        {
            leftAt[row] = depth;
            context -= rows[row].Position + 1;
        }

        active -= leaving.Length;
    }

    public void Sample(ReadOnlySpan<SampleRow> draws, Span<SampledToken> tokens)
    {
        machine.Compute(model.Head.At(draws.Length));
        for (var i = 0; i < draws.Length; i++)
        {
            var (text, position, _, _) = rows[draws[i].Row];
            tokens[i] = new SampledToken(text, 0, new ExitSignal { TopId = text, Top1 = Shown(text, position, leftAt[draws[i].Row]) });
        }
    }

    public void Dispose() => bytes.Dispose();

    /// <summary>The probability that the exit shows of the token behind a position; the full depth is sure.</summary>
    private float Shown(int text, int position, int leftAt) =>
        leftAt == model.Script.Layers ? 1 : model.At(texts.KindOf(text), leftAt).Shown(texts.Easiness(text, position));

    private static NotSupportedException NotSupported(string what) => new($"A model of a simulation {what}.");
}
