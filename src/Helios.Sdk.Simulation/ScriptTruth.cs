using Helios.Sdk.Adaptation.Objectives;
using Helios.Sdk.Adaptation.Selection;

namespace Helios.Sdk.Simulation;

/// <summary>What the script says of its points, without any estimate: which may serve its traffic from beginning to end.</summary>
internal sealed class ScriptTruth(SimulationScript script, SimulationSettings settings)
{
    private readonly BreachCeilings ceilings = new(settings.Adaptation);

    /// <summary>Why a point may not serve some phase; null when it may serve them all.</summary>
    public string? InfeasibleBecause(LoadTarget target)
    {
        foreach (var phase in script.Phases)
        {
            foreach (var atEnd in new[] { false, true })
            {
                if (Constrained(phase, atEnd).Score(Profile(target, phase, atEnd)).InfeasibleBecause is { } because)
                    return $"{(phase.Name.Length > 0 ? phase.Name : "phase")}: {because}";
            }
        }

        return null;
    }

    /// <summary>Whether the budget has room for a point with one request of the script's longest.</summary>
    public bool Fits(LoadTarget target)
    {
        var model = script.Models.First(each => each.Name == target.Model);
        return model.FixedBytes + target.Depth * model.LayerBytes + model.WorkspaceBytes + (long)script.LongestRequest * model.KvBytesPerToken * target.Depth <= script.MemoryBudgetBytes;
    }

    private ISloObjective Constrained(SimulatedPhase phase, bool atEnd)
    {
        var answer = Mean(phase, atEnd, source => source.AnswerTokens, _ => 1);
        var tokens = (int)Math.Min(int.MaxValue, settings.Adaptation.ReassessEveryRequests * answer);
        return ObjectiveParser.Constrain(new Indifferent(), settings.Adaptation, _ => ceilings.Of(TextRandom.Clustering, tokens));
    }

    /// <summary>Quality over prompts, agreement and breaches over answers, as the loop measures them.</summary>
    private PointProfile Profile(LoadTarget target, SimulatedPhase phase, bool atEnd)
    {
        var model = script.Models.First(each => each.Name == target.Model);
        var tokens = Mean(phase, atEnd, source => source.PromptTokens + source.AnswerTokens, _ => 1);
        var weights = model.FixedBytes + target.Depth * model.LayerBytes + model.WorkspaceBytes;
        var kv = (long)(tokens * model.KvBytesPerToken * target.Depth);
        var bits = Bits(model, target.Depth);
        var gap = bits - script.Models.Min(each => Bits(each, each.Layers));
        return new PointProfile
        {
            Point = new OperatingPoint(target),
            ModelLayers = model.Layers,
            Throughput = 0,
            TpotMs = 0,
            AloneTpotMs = 0,
            TtftMs = 0,
            WeightBytes = weights,
            KvBytesPerSequence = kv,
            MaxBatch = (int)Math.Clamp((script.MemoryBudgetBytes - weights) / Math.Max(1, kv), 0, settings.Serving.MaxBatchSize),
            BitsPerByte = bits,
            QualityGap = gap,
            QualityGapInterval = new Interval(gap, gap),
            EvidenceRequests = int.MaxValue,
            Agreement = Mean(phase, atEnd, source => Exit(model, target.Depth, source).Agreement, source => source.AnswerTokens),
            BreachRate = target.Depth == model.Layers ? 0 : Mean(phase, atEnd, source => new ExitBehaviour(Exit(model, target.Depth, source)).ShareBelow(settings.Adaptation.ConfidenceTarget), source => source.AnswerTokens),
        };

        double Bits(SimulatedModel each, int depth) => Mean(phase, atEnd, source => Exit(each, depth, source).BitsPerByte, source => source.PromptTokens);
    }

    private static SimulatedExit Exit(SimulatedModel model, int depth, RequestSource source) => model.Texts[source.Text].First(exit => exit.Depth == depth);

    private static double Mean(SimulatedPhase phase, bool atEnd, Func<RequestSource, double> value, Func<RequestSource, double> weight)
    {
        var (sum, weights) = (0.0, 0.0);
        foreach (var source in phase.Sources)
        {
            var share = (atEnd ? source.ShareAtEnd ?? source.Share : source.Share) * weight(source);
            sum += share * value(source);
            weights += share;
        }

        return sum / weights;
    }

    private sealed class Indifferent : ISloObjective
    {
        public string Name => "any";

        public ObjectiveScore Score(PointProfile profile) => new(0, []);
    }
}
