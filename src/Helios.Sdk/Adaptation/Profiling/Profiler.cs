using System.Collections.Immutable;
using Helios.Sdk.Adaptation.Candidates;
using Helios.Sdk.Adaptation.Estimation;
using Helios.Sdk.Backends;
using Helios.Sdk.Models;
using Helios.Sdk.Serving.KvCache;

namespace Helios.Sdk.Adaptation.Profiling;

/// <summary>What a candidate's profiles are made of.</summary>
/// <param name="Model">What is known of it before it runs.</param>
/// <param name="Kv">What keys and values take.</param>
/// <param name="Costs">The cost of its steps.</param>
/// <param name="Evidence">What scoring has shown of it.</param>
internal sealed record Measurements(ModelFacts Model, IKvSizes Kv, StepCosts Costs, CandidateEvidence Evidence);

/// <summary>What an engine has to offer, and what it is usually asked for.</summary>
internal sealed record ServingFacts
{
    /// <summary>Maximum bytes for weights, workspaces and KV together.</summary>
    public required long BudgetBytes { get; init; }

    /// <summary>Bytes of a KV slab.</summary>
    public required long SlabBytes { get; init; }

    /// <summary>Tokens of a KV block.</summary>
    public required int BlockTokens { get; init; }

    /// <summary>Most sequences at once.</summary>
    public required int MaxBatch { get; init; }

    /// <summary>Most rows of a step.</summary>
    public required int MaxRowsPerStep { get; init; }

    /// <summary>Confidence below which a token is a breach.</summary>
    public required double ConfidenceTarget { get; init; }

    /// <summary>Tokens of a usual prompt, at least 1.</summary>
    public required int UsualPromptTokens { get; init; }

    /// <summary>Tokens of a usual prompt and its answer together.</summary>
    public required int UsualSequenceTokens { get; init; }

    /// <summary>How much longer than its decoding rows alone a step may take for the sake of prompts, a factor above 1.</summary>
    public double MaxDecodeStretch { get; init; } = double.PositiveInfinity;

    /// <summary>A step of no more seconds than this is not held back.</summary>
    public double UnpacedSeconds { get; init; }

    /// <summary>Answer tokens per second that are asked for; null while that is not known.</summary>
    public double? DemandTokensPerSecond { get; init; }

    /// <summary>Watts of the device while it computes; null while that is not known.</summary>
    public double? Watts { get; init; }

    /// <summary>How weights are held.</summary>
    public Precision Precision { get; init; }

    /// <summary>Per-token exit policy that serves.</summary>
    public string ExitPolicy { get; init; } = "none";
}

/// <summary>Puts together what is known of a candidate at each of its exits. Pure.</summary>
internal static class Profiler
{
    /// <summary>Profiles every exit of a candidate, in order of depth.</summary>
    /// <param name="candidate">What is known of it.</param>
    /// <param name="serving">What the engine offers and is asked for.</param>
    /// <param name="rivals">Evidence of all candidates of the shortlist: the best of them at full depth is the measure of quality.</param>
    public static ImmutableArray<PointProfile> Profile(Measurements candidate, ServingFacts serving, IReadOnlyList<CandidateEvidence> rivals) =>
        [.. candidate.Evidence.Summarize(serving.ConfidenceTarget).Select((exit, index) => Profile(candidate, serving, exit, Gap(candidate.Evidence, index, rivals)))];

    private static PointProfile Profile(Measurements candidate, ServingFacts serving, ExitEvidence exit, QualityGap? gap)
    {
        var room = Measure(candidate, serving, exit.Depth);
        var prompt = Math.Min(serving.UsualPromptTokens, room.SequenceTokens);
        // While it decodes, a sequence grows from its prompt to its full length.
        var context = (prompt + room.SequenceTokens) / 2.0;
        var alone = candidate.Costs.PredictStep(1, exit.Depth, context);
        var batched = candidate.Costs.PredictStep(Math.Max(1, room.MaxBatch), exit.Depth, context);
        var steady = new SteadyState(candidate.Costs, exit.Depth, prompt, Math.Max(1, room.SequenceTokens - prompt))
        {
            MaxRowsPerStep = serving.MaxRowsPerStep,
            MaxDecodeStretch = serving.MaxDecodeStretch,
            UnpacedSeconds = serving.UnpacedSeconds,
        };
        return UnderLoad(steady, serving, new PointProfile
        {
            Point = new OperatingPoint(new LoadTarget(candidate.Model.Info.Name, exit.Depth, serving.Precision), serving.ExitPolicy),
            ModelLayers = candidate.Model.Info.Architecture.Layers,
            Throughput = batched > 0 ? room.MaxBatch / batched : 0,
            TpotMs = batched * 1000,
            AloneTpotMs = alone * 1000,
            TtftMs = candidate.Costs.PredictPrefill(prompt, exit.Depth, serving.MaxRowsPerStep) * 1000,
            WeightBytes = room.WeightBytes,
            KvBytesPerSequence = room.KvBytesPerSequence,
            MaxBatch = room.MaxBatch,
            BitsPerByte = exit.BitsPerByte,
            QualityGap = gap?.Value,
            QualityGapInterval = gap?.Interval,
            Agreement = exit.Agreement,
            AgreementInterval = exit.AgreementInterval,
            BreachRate = exit.BreachRate,
            BreachRateInterval = exit.BreachRateInterval,
            BreachClustering = exit.BreachClustering,
            ExitShare = exit.ExitShare,
            Coverage = exit.Coverage,
            EvidenceTokens = exit.Tokens,
            EvidenceRequests = exit.Requests,
            Batches = steady.Batches(room.MaxBatch),
        });
    }

    /// <summary>What depends on how much is asked for, and on the watts drawn.</summary>
    private static PointProfile UnderLoad(SteadyState steady, ServingFacts serving, PointProfile profile)
    {
        if (profile.Batches.IsEmpty) return profile;
        var batch = profile.MaxBatch;
        if (serving.DemandTokensPerSecond is { } demand)
        {
            var cycle = steady.Cycle(profile.MaxBatch);
            batch = steady.BatchFor(demand, profile.MaxBatch);
            var wait = Waiting.Quantile(profile.MaxBatch, demand * cycle, steady.AnswerTokens * cycle, share: 0.05);
            profile = profile with
            {
                LoadedTpotMs = steady.Tpot(steady.BatchFor(demand, serving.MaxBatch)) * 1000,
                TtftP95Ms = (wait + steady.Ttft(batch)) * 1000,
                Utilisation = demand * cycle / profile.MaxBatch,
            };
        }

        return profile with { JoulesPerToken = serving.Watts * steady.Cycle(batch) / batch };
    }

    /// <summary>Weights and workspace first; the rest is whole slabs, cut into whole blocks; a sequence takes whole blocks.</summary>
    private static Room Measure(Measurements candidate, ServingFacts serving, int depth)
    {
        var tokens = Math.Min(serving.UsualSequenceTokens, candidate.Model.Info.Architecture.ContextLength);
        var weights = candidate.Model.Size.ToDepth(depth) + candidate.Model.WorkspaceBytes;
        var kv = KvParts.Of(candidate.Model.Info.Architecture, depth).All
            .Select(part => new BlockNeed(part.Shape, part.MostBlocks(tokens, rows: 1, serving.BlockTokens)))
            .Where(need => need.Blocks > 0).ToList();
        var slabs = Math.Max(0, serving.BudgetBytes - weights) / serving.SlabBytes;
        return new Room(tokens, weights, kv.Sum(need => need.Blocks * candidate.Kv.BlockBytes(need.Shape)), Sequences(kv, candidate.Kv, slabs, serving));
    }

    /// <summary>Sequences that fit some slabs, each of which holds blocks of one shape.</summary>
    private static int Sequences(List<BlockNeed> kv, IKvSizes sizes, long slabs, ServingFacts serving)
    {
        long PerSlab(BlockNeed need) => serving.SlabBytes / sizes.BlockBytes(need.Shape);
        long Slabs(long count) => kv.Sum(need => (count * need.Blocks + PerSlab(need) - 1) / Math.Max(1, PerSlab(need)));

        var count = Math.Min(serving.MaxBatch, kv.Min(need => slabs * PerSlab(need) / need.Blocks));
        while (count > 0 && Slabs(count) > slabs) count--;
        return (int)count;
    }

    /// <summary>
    /// The largest gap to any candidate is the gap to the best one. The active point scores more often than the others: between two
    /// reassessments of all of them it is compared with those that still share half of its texts, and these others have no gap. Nor does
    /// a single one of several texts say which is better: a rival that has only begun to score is no measure yet.
    /// </summary>
    private static QualityGap? Gap(CandidateEvidence evidence, int exit, IReadOnlyList<CandidateEvidence> rivals)
    {
        var worst = evidence.GapTo(exit, evidence);
        foreach (var rival in rivals)
        {
            if (rival.Requests == 0) continue;
            if (evidence.GapTo(exit, rival) is not { } gap || 2 * gap.Texts < Math.Min(evidence.Requests, rival.Requests) || (gap.Texts == 1 && evidence.Requests > 1))
            {
                if (rival.Latest > evidence.Latest) return null;
                continue;
            }

            if (gap.Value > worst?.Value) worst = gap;
        }

        return worst;
    }

    private readonly record struct Room(int SequenceTokens, long WeightBytes, long KvBytesPerSequence, int MaxBatch);
}
