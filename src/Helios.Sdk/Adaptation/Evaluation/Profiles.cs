using System.Collections.Immutable;
using Helios.Sdk.Adaptation.Telemetry;

namespace Helios.Sdk.Adaptation.Evaluation;

/// <summary>
/// What is known of every candidate at every exit: cost models, evidence and memory put together: the
/// paper's performance history table. Belongs to the adaptation loop; <see cref="Latest"/> and <see cref="Candidates"/> may be
/// read by any thread.
/// </summary>
internal sealed class Profiles(IEnumerable<Candidate> initial, ServingTelemetry telemetry, ProfileSettings settings)
{
    private IReadOnlyList<Candidate> candidates = [.. initial];
    private readonly HashSet<OperatingPoint> leftBelowFloor = [];
    private ImmutableArray<PointProfile> latest = [];

    /// <summary>The shortlist; another list after <see cref="Replace"/>.</summary>
    public IReadOnlyList<Candidate> Candidates => Volatile.Read(ref candidates);

    /// <summary>The memory budget that points are chosen for.</summary>
    public long BudgetBytes => settings.BudgetBytes();

    /// <summary>The profiles as of the last <see cref="Refresh"/>.</summary>
    public ImmutableArray<PointProfile> Latest => latest;

    /// <summary>Takes in what was measured since the last call and profiles every candidate anew.</summary>
    public ImmutableArray<PointProfile> Refresh()
    {
        foreach (var (model, timing) in telemetry.TakeSteps())
            candidates.FirstOrDefault(candidate => candidate.Name == model)?.Observe(timing);

        var profiles = Reckon();
        ImmutableInterlocked.InterlockedExchange(ref latest, profiles);
        return profiles;
    }

    /// <summary>Profiles every candidate from what it knows; takes nothing in, and leaves telemetry as it is.</summary>
    public ImmutableArray<PointProfile> Reckon()
    {
        var serving = telemetry.Guard?.Point;
        return candidates
            .SelectMany(candidate => Profile(candidate).Select(profile => profile with
            {
                IsServing = profile.Point == serving,
                WasBelowFloor = leftBelowFloor.Contains(profile.Point),
                Certificate = settings.CertificateOf(candidate.Model.Info, profile.Point),
            }))
            .ToImmutableArray();
    }

    /// <summary>Puts another shortlist in place of the present one. A candidate on both is to be the same object: so it keeps what it learnt.</summary>
    public void Replace(IReadOnlyList<Candidate> shortlist) => Volatile.Write(ref candidates, shortlist);

    /// <summary>In words, the evidence of a former run that every candidate rests on; null when one of them rests on anything else.</summary>
    public string? Inherited(DateTimeOffset now)
    {
        var restored = candidates.Select(candidate => candidate.Restored).OfType<RestoredEvidence>().ToList();
        if (restored.Count < candidates.Count) return null;
        var age = now - restored.Min(evidence => evidence.At);
        var said = age.TotalHours < 1 ? Invariant($"{age.TotalMinutes:0} min") : Invariant($"{age.TotalHours:0.#} h");
        return Invariant($"nothing was evaluated anew, for every candidate rests on {restored.Min(evidence => evidence.Requests)} or more requests of a former run, {said} old");
    }

    /// <summary>Notices when steps no longer take what they are taken to cost now.</summary>
    public PaceWatch WatchPace() => new(
        Candidates
            .Where(candidate => candidate.Costs.Unhurried.IsMeasured)
            .ToDictionary(candidate => candidate.Name, candidate => candidate.Costs.Unhurried, StringComparer.Ordinal),
        Candidates[0].Pace);

    /// <summary>Texts that a model has scored; 0 for one that is no candidate.</summary>
    public int ScoredTexts(string model) => candidates.FirstOrDefault(candidate => candidate.Name == model)?.ScoredTexts ?? 0;

    /// <summary>The profiles to choose from: of candidates that were scored. One that could not be is known by its speed alone, and chosen only if all are.</summary>
    public ImmutableArray<PointProfile> Known()
    {
        var known = latest.Where(profile => ScoredTexts(profile.Point.Target.Model) > 0).ToImmutableArray();
        return known.IsEmpty ? latest : known;
    }

    /// <summary>A point was left because it was below a floor of quality: from here on it has to show more than a newcomer.</summary>
    public void LeftBelowFloor(OperatingPoint point) => leftBelowFloor.Add(point);

    /// <summary>Forgets texts and what they showed; costs and calibration stay.</summary>
    public void Forget()
    {
        telemetry.Texts.Clear();
        leftBelowFloor.Clear();
        foreach (var candidate in candidates) candidate.Forget();
    }

    /// <summary>Profiles of one candidate, by depth.</summary>
    public ImmutableArray<PointProfile> Of(Candidate candidate) =>
        [.. latest.Where(profile => profile.Point.Target.Model == candidate.Name)];

    private ImmutableArray<PointProfile> Profile(Candidate candidate)
    {
        var a = candidate.Model.Info.Architecture;
        var evidence = candidates.Select(rival => rival.Evidence).ToList();
        var blockBytes = settings.BlockBytes(new KvShape(1, a.KvHeads, a.HeadDim));
        foreach (var one in candidates) one.Gate.Enter();
        try
        {
            var facts = new CandidateFacts
            {
                Model = candidate.Model.Info,
                Size = candidate.Model.Size,
                WorkspaceBytes = candidate.Model.WorkspaceBytes,
                KvBytesPerTokenPerLayer = blockBytes / settings.Serving.KvBlockTokens,
                Costs = CostsOf(candidate),
                Evidence = candidate.Evidence,
            };
            return Profiler.Profile(facts, Serving() with { Watts = settings.Watts() ?? candidate.FormerWatts }, evidence);
        }
        finally
        {
            foreach (var one in candidates) one.Gate.Exit();
        }
    }

    /// <summary>A candidate that never ran is taken to cost as its bytes say, from one that did.</summary>
    private StepCosts CostsOf(Candidate candidate)
    {
        if (candidate.Costs.Current.IsMeasured) return candidate.Costs.Current;
        var measured = candidates.FirstOrDefault(other => other.Costs.Current.IsMeasured);
        return measured is null
            ? StepCosts.None
            : measured.Costs.Current.Scale(
                candidate.Model.Size.LayerBytes.Average() / measured.Model.Size.LayerBytes.Average(),
                (double)candidate.Model.Size.FixedBytes / measured.Model.Size.FixedBytes);
    }

    private ServingFacts Serving() => new()
    {
        BudgetBytes = settings.BudgetBytes(),
        SlabBytes = settings.SlabBytes,
        BlockTokens = settings.Serving.KvBlockTokens,
        MaxBatch = settings.Serving.MaxBatchSize,
        MaxRowsPerStep = settings.Serving.MaxRowsPerStep,
        UsualPromptTokens = telemetry.Lengths.Prompt,
        UsualSequenceTokens = telemetry.Lengths.Total,
        DemandTokensPerSecond = telemetry.Load.Facts.TokensPerSecond is > 0 and var demand ? demand : null,
        ExitPolicy = settings.ExitPolicy,
        MaxDecodeStretch = settings.Serving.MaxDecodeStretch,
        UnpacedSeconds = settings.Serving.UnpacedStepTime.TotalSeconds,
        ConfidenceTarget = settings.ConfidenceTarget(),
    };
}

/// <summary>What holds for every profile.</summary>
/// <param name="Serving">Limits of the serving loop.</param>
/// <param name="BudgetBytes">The memory budget that points are chosen for.</param>
/// <param name="SlabBytes">Bytes of a KV slab.</param>
/// <param name="BlockBytes">Bytes of a KV block of a shape.</param>
internal sealed record ProfileSettings(ServingOptions Serving, Func<long> BudgetBytes, long SlabBytes, Func<KvShape, long> BlockBytes)
{
    /// <summary>Confidence below which a token is a breach.</summary>
    public required Func<double> ConfidenceTarget { get; init; }

    /// <summary>Exit policy of the points, as it calls itself.</summary>
    public string ExitPolicy { get; init; } = Serving.ExitPolicy;

    /// <summary>Watts of the device while it computes; null while they are not known.</summary>
    public Func<double?> Watts { get; init; } = static () => null;

    /// <summary>The certificate that covers a point; null when none does.</summary>
    public Func<CheckpointInfo, OperatingPoint, RiskCertificate?> CertificateOf { get; init; } = static (_, _) => null;
}
