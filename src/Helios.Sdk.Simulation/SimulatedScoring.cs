using Helios.Sdk.Adaptation.Candidates;
using Helios.Sdk.Adaptation.Estimation;
using Helios.Sdk.Adaptation.Scoring;
using Helios.Sdk.Adaptation.Telemetry;
using Helios.Sdk.ExitPolicies;

namespace Helios.Sdk.Simulation;

/// <summary>Scores texts as the script says models do, in the device time that the cost of a prefill at full depth would take.</summary>
internal sealed class SimulatedScoring(SimulatedWorld world, SimulatedEngine engine, int maxRows) : ITextScoring
{
    private const double BytesPerToken = 4;

    public async Task CatchUpAsync(Candidate candidate, KeptTexts texts, CancellationToken cancellationToken)
    {
        var model = world.Models.First(model => model.Info.Name == candidate.Name);
        foreach (var text in texts.Texts.Where(text => !candidate.HasScored(text.Id.Value)))
        {
            cancellationToken.ThrowIfCancellationRequested();
            await engine.Work.RunInBackgroundAsync(() => Prefill(model, text.Tokens.Length)).ConfigureAwait(false);

            // A breach while it was scored has made it a text of former traffic.
            if (texts.AreOfPresentTraffic) candidate.Learn(Taps(model, text, candidate));
        }
    }

    /// <summary>Takes the time in which a model computes a text at full depth. True, for it is done.</summary>
    private bool Prefill(SimulatedCheckpoint model, int tokens)
    {
        for (var start = 0; start < tokens; start += maxRows)
        {
            var rows = Math.Min(maxRows, tokens - start);
            var context = (long)rows * start + rows * (rows + 1L) / 2;
            world.Machine.BeginStep();
            engine.Tally.Scoring(world.Machine.Compute(model.LayerSeconds(model.Script.Layers, rows, context) + model.Head.At(rows) + model.OtherSeconds));
        }

        return true;
    }

    /// <summary>What the exits say of a text; the first token is predicted by none.</summary>
    private RequestTaps Taps(SimulatedCheckpoint model, FinishedText text, Candidate candidate)
    {
        var (number, randoms) = (text.Tokens[0], world.Texts);
        var kind = randoms.KindOf(number);
        var positions = text.Tokens.Length - 1;
        var judged = text.PromptLength > 16 ? text.PromptLength - 1 : positions;
        var taps = new RequestTaps(text.Id.Value, candidate.Depths, positions, Math.Min(text.PromptLength - 1, positions), new JudgedText(judged, (int)(judged * BytesPerToken)));

        // Texts differ by far more than models do on one text; the mean is 1.
        var hardness = Math.Exp(0.2 * randoms.Of(number, -2).Normal() - 0.02);
        for (var i = 0; i < positions; i++)
        {
            var easiness = randoms.Easiness(number, i);
            var draw = (float)randoms.Of(number, -3 - i).Uniform();
            for (var exit = 0; exit < candidate.Depths.Length; exit++)
                taps.At(exit)[i] = Signal(model.At(kind, candidate.Depths[exit]), easiness, draw, hardness, isFull: exit == candidate.Depths.Length - 1);
        }

        return taps;
    }

    private static ExitSignal Signal(ExitBehaviour exit, float easiness, float draw, double hardness, bool isFull) => new()
    {
        TopId = isFull || draw < exit.Chance(easiness) ? 1 : 0,
        Top1 = isFull ? 1 : exit.Shown(easiness),
        TargetLogProbability = (float)(-exit.BitsPerByte * BytesPerToken * Math.Log(2) * hardness),
    };
}
