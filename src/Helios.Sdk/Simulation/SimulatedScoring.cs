using Helios.Sdk.Adaptation.Candidates;
using Helios.Sdk.Adaptation.Estimation;
using Helios.Sdk.Adaptation.Scoring;
using Helios.Sdk.Adaptation.Telemetry;
using Helios.Sdk.Serving;

namespace Helios.Sdk.Simulation;

/// <summary>Scores texts as the script says models do, in the device time that the cost of a prefill at full depth would take.</summary>
internal sealed class SimulatedScoring(SimulatedDevice device, DeviceWork work, ulong seed) : ITextScoring
{
    private const double BytesPerToken = 4;

    public async Task CatchUpAsync(Candidate candidate, KeptTexts texts, CancellationToken cancellationToken)
    {
        var model = device.Find(candidate.Name);
        foreach (var text in texts.Texts.Where(text => !candidate.HasScored(text.Id.Value)))
        {
            cancellationToken.ThrowIfCancellationRequested();
            await work.RunInBackgroundAsync(() => device.Prefill(model, text.Tokens.Length)).ConfigureAwait(false);

            // A breach while it was scored has made it a text of former traffic.
            if (texts.AreOfPresentTraffic) candidate.Learn(Taps(model, text.Id.Value, text.Tokens[0], text.PromptLength, text.Tokens.Length, candidate));
        }
    }

    /// <summary>What the exits say of a text; the first token is predicted by none.</summary>
    public RequestTaps Taps(ScriptedModel model, long text, int kind, int promptLength, int length, Candidate candidate)
    {
        var random = TextRandom.Of(seed, text);
        var request = random.Normal();
        var positions = length - 1;
        var judged = promptLength > 16 ? promptLength - 1 : positions;
        var taps = new RequestTaps(text, candidate.Depths, positions, Math.Min(promptLength - 1, positions), new JudgedText(judged, (int)(judged * BytesPerToken)));

        // Texts differ by far more than models do on one text; the mean is 1.
        var hardness = Math.Exp(0.2 * random.Normal() - 0.02);
        for (var i = 0; i < positions; i++)
        {
            var easiness = TextRandom.Token(ref random, request);
            var draw = (float)random.Uniform();
            for (var exit = 0; exit < candidate.Depths.Length; exit++)
                taps.At(exit)[i] = Signal(model.At(kind, model.Depths.IndexOf(candidate.Depths[exit])), easiness, draw, hardness, isFull: exit == candidate.Depths.Length - 1);
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
