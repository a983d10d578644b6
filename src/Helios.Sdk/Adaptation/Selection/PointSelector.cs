using System.Collections.Immutable;

namespace Helios.Sdk.Adaptation.Selection;

/// <summary>What a selection is made from.</summary>
internal sealed record SelectionRequest
{
    /// <summary>When.</summary>
    public required DateTimeOffset At { get; init; }

    /// <summary>Why now.</summary>
    public required AdaptationTrigger Trigger { get; init; }

    /// <summary>What is known of every point that could serve; not empty.</summary>
    public required IReadOnlyList<PointProfile> Profiles { get; init; }

    /// <summary>The active point; null when nothing does.</summary>
    public OperatingPoint? Present { get; init; }

    /// <summary>Why the active point stays whatever the scores say; null when the scores decide.</summary>
    public string? StayBecause { get; init; }

    /// <summary>Whether a target is on the device already.</summary>
    public Func<LoadTarget, bool> IsLoaded { get; init; } = _ => false;

    /// <summary>Whether a target can be brought up beside the active point.</summary>
    public Func<LoadTarget, bool> IsReachable { get; init; } = _ => true;

    /// <summary>What bringing up a target takes; null when that is not known.</summary>
    public Func<LoadTarget, ChangeCost?> CostOf { get; init; } = _ => null;

    /// <summary>Time within which a change must pay for its load, above 0.</summary>
    public TimeSpan Horizon { get; init; } = TimeSpan.FromSeconds(60);

    /// <summary>Why the active point may not be left for a mere gain; null when it may.</summary>
    public string? HoldBecause { get; init; }
}

/// <summary>
/// Chooses an operating point: among the feasible ones the objective's best. Ties go to the active point, then to what is
/// loaded, then to the smaller; a point that serves well is left only for a gain. Pure: equal input, equal decision.
/// </summary>
/// <param name="objective">Scores points, or calls them infeasible.</param>
/// <param name="minimumGain">Least gain over the active point, relative to its score.</param>
internal sealed class PointSelector(ISloObjective objective, double minimumGain)
{
    private const double Tie = 1e-9;

    /// <summary>Chooses.</summary>
    /// <param name="request">What is known.</param>
    public AdaptationDecision Decide(SelectionRequest request)
    {
        if (request.Profiles.Count == 0) throw new ArgumentException("There is no point to choose from.", nameof(request));

        var scored = request.Profiles.Select(Score).ToList();
        var feasible = scored.Where(option => option.Value is not null).ToList();
        var stays = request.StayBecause is null ? null : scored.Find(option => option.Profile.Point == request.Present);
        var choice = stays is not null ? new Choice(stays.Profile, request.StayBecause!)
            : feasible.Count > 0 ? Best(feasible, request)
            : LastResort(scored, request, objective.Name);
        return new AdaptationDecision
        {
            At = request.At,
            Trigger = request.Trigger,
            Considered = [.. scored.Select(option => option.Considered)],
            Previous = request.Present,
            Chosen = choice.Profile.Point,
            Reason = choice.Reason,
            Degraded = feasible.Count == 0 && stays is null,
            Batch = scored.Find(option => option.Profile == choice.Profile)!.Considered.Batch,
            PredictedCost = choice.Profile.Point == request.Present ? null : request.CostOf(choice.Profile.Point.Target),
        };
    }

    private Scored Score(PointProfile profile)
    {
        var score = objective.Score(profile);
        var because = score.InfeasibleBecause ?? (double.IsFinite(score.Value) ? null : "its score is not a number");
        return new Scored(profile, new ConsideredPoint(profile.Point, because is null ? score.Value : null, score.Terms, because) { Batch = score.Batch });
    }

    private Choice Best(List<Scored> feasible, SelectionRequest request)
    {
        var present = feasible.Find(option => option.Profile.Point == request.Present);
        var best = feasible.Max(option => Net(option, present, request));
        if (present?.Value is { } value)
        {
            if (best - value <= Tie) return new Choice(present.Profile, $"it is the best for {objective.Name}, and is already active");
            if (request.HoldBecause is { } because) return new Choice(present.Profile, because);
            if (best - value <= minimumGain * Math.Abs(value))
                return new Choice(present.Profile, Invariant($"the best point would gain {Gain(best, value)} for {objective.Name} over {request.Horizon.TotalSeconds:0.#} s, its load included, less than the {minimumGain:P0} that a change needs"));
        }

        var winner = feasible
            .Where(option => best - Net(option, present, request) <= Tie)
            .OrderByDescending(option => request.IsLoaded(option.Profile.Point.Target))
            .ThenBy(option => option.Profile.WeightBytes)
            .ThenBy(option => option.Profile.Point.Target.Model, StringComparer.Ordinal)
            .ThenBy(option => option.Profile.Point.Target.Depth)
            .ThenBy(option => option.Profile.Point.ExitPolicy, StringComparer.Ordinal)
            .First().Profile;
        if (request.Present is null) return new Choice(winner, $"it is the best of {feasible.Count} feasible points for {objective.Name}");
        return new Choice(winner, present?.Value is { } served
            ? $"it gains {Gain(best, served)} for {objective.Name} over the active point, its load included"
            : $"it is the best of {feasible.Count} feasible points for {objective.Name}, and the active point is not among them");
    }

    /// <summary>A score less what a change costs: the share of the horizon that its load takes, of the active point. Nothing where the active point may not.</summary>
    private static double Net(Scored option, Scored? present, SelectionRequest request)
    {
        var value = option.Value!.Value;
        if (present is null || option == present || request.CostOf(option.Profile.Point.Target) is not { } cost) return value;
        return value - Math.Abs(present.Value!.Value) * cost.LoadSeconds / request.Horizon.TotalSeconds;
    }

    /// <summary>
    /// No point may serve, and one must: of what fits, a whole model, the one of best quality; else the deepest. If even that
    /// is nothing, the active point already, or the smallest.
    /// </summary>
    private static Choice LastResort(List<Scored> scored, SelectionRequest request, string objective)
    {
        var profiles = scored.Select(option => option.Profile).ToList();
        var fitting = profiles.Where(profile => profile.MaxBatch >= 1 && request.IsReachable(profile.Point.Target))
            .OrderByDescending(profile => profile.IsFullDepth)
            .ThenBy(profile => profile.IsFullDepth ? profile.BitsPerByte ?? double.PositiveInfinity : -profile.Point.Target.Depth)
            .ThenBy(profile => profile.BitsPerByte ?? double.PositiveInfinity)
            .ThenByDescending(profile => profile.Point == request.Present)
            .ThenByDescending(profile => profile.WeightBytes)
            .ThenBy(profile => profile.Point.Target.Model, StringComparer.Ordinal)
            .ThenBy(profile => profile.Point.ExitPolicy, StringComparer.Ordinal);
        if (fitting.FirstOrDefault() is { } best) return new Choice(best, $"no point satisfies every constraint; of those that can be loaded it promises the best quality, regardless of {objective}");

        var left = profiles.Find(profile => profile.Point == request.Present) ?? profiles
            .OrderBy(profile => profile.WeightBytes + profile.KvBytesPerSequence)
            .ThenBy(profile => profile.Point.Target.Model, StringComparer.Ordinal)
            .ThenBy(profile => profile.Point.Target.Depth)
            .ThenBy(profile => profile.Point.ExitPolicy, StringComparer.Ordinal)
            .First();
        return new Choice(left, "no point fits the memory budget with one sequence; it needs the least memory");
    }

    private static string Gain(double best, double present) =>
        Math.Abs(present) > Tie ? Invariant($"{(best - present) / Math.Abs(present):P1}") : Invariant($"{best - present:0.###}");

    private sealed record Scored(PointProfile Profile, ConsideredPoint Considered)
    {
        public double? Value => Considered.Score;
    }

    private sealed record Choice(PointProfile Profile, string Reason);
}
