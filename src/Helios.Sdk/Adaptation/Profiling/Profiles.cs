using System.Collections.Immutable;
using Helios.Sdk.Adaptation.Candidates;
using Helios.Sdk.Adaptation.Certification;
using Helios.Sdk.Adaptation.Estimation;
using Helios.Sdk.Adaptation.Objectives;
using Helios.Sdk.Adaptation.Telemetry;
using Helios.Sdk.Backends;
using Helios.Sdk.Energy;
using Helios.Sdk.Models;
using Helios.Sdk.Serving.KvCache;

namespace Helios.Sdk.Adaptation.Profiling;

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
    public long BudgetBytes => settings.Goals.BudgetBytes;

    /// <summary>The profiles as of the last <see cref="Refresh"/>.</summary>
    public ImmutableArray<PointProfile> Latest => latest;

    /// <summary>Takes in what was measured since the last call and profiles every candidate anew.</summary>
    /// <param name="serving">The active point; null when nothing does.</param>
    public ImmutableArray<PointProfile> Refresh(OperatingPoint? serving)
    {
        foreach (var (model, timing) in telemetry.TakeSteps())
            candidates.FirstOrDefault(candidate => candidate.Name == model)?.Observe(timing);

        var profiles = Reckon(serving);
        ImmutableInterlocked.InterlockedExchange(ref latest, profiles);
        return profiles;
    }

    /// <summary>Profiles every candidate from what it knows; takes nothing in, and leaves telemetry as it is.</summary>
    /// <param name="serving">The active point; null when nothing does.</param>
    public ImmutableArray<PointProfile> Reckon(OperatingPoint? serving = null) =>
        candidates
            .SelectMany(candidate => Profile(candidate).Select(profile => profile with
            {
                IsServing = profile.Point == serving,
                WasBelowFloor = leftBelowFloor.Contains(profile.Point),
                Certificate = settings.Certificates.Find(candidate.Model.Info, profile.Point),
            }))
            .ToImmutableArray();

    /// <summary>Puts another shortlist in place of the present one. A candidate on both is to be the same object: so it keeps what it learnt.</summary>
    public void Replace(IReadOnlyList<Candidate> shortlist) => Volatile.Write(ref candidates, shortlist);

    /// <summary>In words, the evidence of a former run that every candidate rests on; null when one of them rests on anything else.</summary>
    public string? Inherited(DateTimeOffset now)
    {
        var restored = candidates.Select(candidate => candidate.Restored).OfType<RestoredEvidence>().ToList();
        if (restored.Count < candidates.Count) return null;
        var age = now - restored.Min(evidence => evidence.At);
        var said = age.TotalHours < 1 ? Invariant($"{age.TotalMinutes:0} min") : Invariant($"{age.TotalHours:0.#} h");
        return Invariant($"nothing was evaluated again: every candidate has evidence from {restored.Min(evidence => evidence.Requests)} or more requests of a former run, {said} old");
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
        var evidence = candidates.Select(rival => rival.Evidence).ToList();
        foreach (var one in candidates) one.Gate.Enter();
        try
        {
            var measured = new Measurements(candidate.Model, settings.Kv, CostsOf(candidate), candidate.Evidence);
            return Profiler.Profile(measured, Serving() with { Watts = settings.Energy?.Watts ?? candidate.FormerWatts }, evidence);
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
        BudgetBytes = settings.Goals.BudgetBytes,
        SlabBytes = settings.Kv.BytesPerSlab,
        BlockTokens = settings.Serving.KvBlockTokens,
        MaxBatch = settings.Serving.MaxBatchSize,
        MaxRowsPerStep = settings.Serving.MaxRowsPerStep,
        UsualPromptTokens = telemetry.Lengths.Prompt,
        UsualSequenceTokens = telemetry.Lengths.Total,
        DemandTokensPerSecond = telemetry.Load.Facts.TokensPerSecond is > 0 and var demand ? demand : null,
        ExitPolicy = settings.ExitPolicy,
        MaxDecodeStretch = settings.Serving.MaxDecodeStretch,
        UnpacedSeconds = settings.Serving.UnpacedStepTime.TotalSeconds,
        ConfidenceTarget = settings.Goals.Limits.ConfidenceTarget,
    };
}

/// <summary>What holds for every profile.</summary>
/// <param name="Serving">Limits of the serving loop.</param>
/// <param name="Goals">The memory budget that points are chosen for, and the confidence below which a token is a breach.</param>
/// <param name="Kv">Bytes of KV.</param>
internal sealed record ProfileSettings(ServingOptions Serving, Goals Goals, IKvSizes Kv)
{
    /// <summary>Exit policy of the points, as it calls itself.</summary>
    public string ExitPolicy { get; init; } = Serving.ExitPolicy;

    /// <summary>Knows the watts of the device while it computes; null when nothing measures them.</summary>
    public EnergyGauge? Energy { get; init; }

    /// <summary>The certificates that cover points.</summary>
    public Certificates Certificates { get; init; } = Certificates.None;
}
