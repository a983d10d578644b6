namespace Helios.Sdk.Adaptation.Selection;

/// <summary>What the guard decides from.</summary>
internal sealed record BreachSituation
{
    /// <summary>When.</summary>
    public required DateTimeOffset At { get; init; }

    /// <summary>What is known of the active point.</summary>
    public required PointProfile Present { get; init; }

    /// <summary>Share of breaches just counted, 0..1.</summary>
    public required double ObservedBreachRate { get; init; }

    /// <summary>What is known of the other points: deeper exits of the same model, and every exit of the other candidates.</summary>
    public required IReadOnlyList<PointProfile> Others { get; init; }

    /// <summary>Bytes of a target that are not on the device.</summary>
    public required Func<LoadTarget, long> BytesToLoad { get; init; }

    /// <summary>Bytes per second that loading was measured at, above 0.</summary>
    public required double LoadBytesPerSecond { get; init; }
}

/// <summary>
/// What to do when breaches are over their limit (paper: load the remaining layers, or switch to another candidate's partial
/// load, whichever is cheaper by PHT). A point's cost is the time to load what is missing plus the time to serve the horizon
/// at its throughput; the cheapest deeper point and the cheapest one of another model are compared. Where neither may serve this
/// traffic, a load would buy nothing, and the active point stays. Pure.
/// </summary>
/// <remarks>
/// Profiles are older than the traffic that tripped the guard. It is taken to be harder for every exit alike: the odds of a
/// breach grow everywhere by the factor by which they grew here.
/// </remarks>
/// <param name="objective">Its constraints say which points may serve.</param>
/// <param name="maxBreachRate">Highest breach rate of a point chosen, 0..1.</param>
/// <param name="horizonTokens">Tokens over which a change must pay; above 0.</param>
internal sealed class BreachRule(ISloObjective objective, Func<PointProfile, double> maxBreachRate, int horizonTokens)
{
    /// <summary>Decides.</summary>
    /// <param name="situation">What is known.</param>
    public AdaptationDecision Decide(BreachSituation situation)
    {
        if (!(situation.LoadBytesPerSecond > 0)) throw new ArgumentException("Loading was measured at no speed above 0.", nameof(situation));
        var present = situation.Present;
        var options = situation.Others
            .Where(profile => profile.Point != present.Point)
            .Where(profile => profile.Point.Target.Model != present.Point.Target.Model || profile.Point.Target.Depth > present.Point.Target.Depth)
            .Select(profile => Consider(profile, situation))
            .ToList();
        var deepen = Cheapest(options.Where(option => option.Profile.Point.Target.Model == present.Point.Target.Model));
        var change = Cheapest(options.Where(option => option.Profile.Point.Target.Model != present.Point.Target.Model));

        // A tie goes to more layers of the same model: its sequences and its cached prompts remain of use.
        var chosen = change is not null && (deepen is null || change.Seconds < deepen.Seconds) ? change : deepen;
        var stay = Stay(situation);
        return new AdaptationDecision
        {
            At = situation.At,
            Trigger = AdaptationTrigger.Breach,
            Considered = [stay, .. options.Select(option => option.Considered)],
            Previous = present.Point,
            Chosen = chosen?.Profile.Point ?? present.Point,
            Reason = Explain(deepen, change, chosen),
            Degraded = chosen is null && stay.InfeasibleBecause is not null,
            Batch = objective.Score(chosen?.Profile ?? situation.Present).Batch,
            PredictedCost = chosen?.Load,
        };
    }

    private Option Consider(PointProfile profile, BreachSituation situation)
    {
        var score = objective.Score(profile);
        var bytes = situation.BytesToLoad(profile.Point.Target);
        var load = new ChangeCost(bytes, bytes / situation.LoadBytesPerSecond);
        var serving = profile.Throughput > 0 ? horizonTokens / profile.Throughput : double.PositiveInfinity;
        var seconds = load.LoadSeconds + serving;
        var breachRate = profile.IsFullDepth ? 0 : Harder(profile.BreachRate, situation);
        var because = score.InfeasibleBecause ?? Refuse(profile, breachRate, seconds);
        return new Option(profile, seconds, load, new ConsideredPoint(
            profile.Point,
            because is null ? -seconds : null,
            [new("load", load.LoadSeconds, "s"), .. Known("serve", serving, "s"), .. Known("breachRate", breachRate, "share")],
            because));
    }

    private string? Refuse(PointProfile profile, double? breachRate, double seconds)
    {
        if (breachRate is not { } rate) return "breach rate is not measured yet";
        if (rate > 0 && maxBreachRate(profile) is var most && rate > most) return Invariant($"breach rate {rate:0.###} of the present traffic is over {most:0.###}");
        return double.IsFinite(seconds) ? null : "its throughput is not known";
    }

    private ConsideredPoint Stay(BreachSituation situation)
    {
        var present = situation.Present;
        var serving = present.Throughput > 0 ? horizonTokens / present.Throughput : double.PositiveInfinity;
        var because = present.IsFullDepth ? null : Invariant($"breach rate {situation.ObservedBreachRate:0.###} is over its limit");
        double? score = because is null && double.IsFinite(serving) ? -serving : null;
        return new ConsideredPoint(
            present.Point, score, [new("load", 0, "s"), .. Known("serve", serving, "s"), new("breachRate", situation.ObservedBreachRate, "share")], because);
    }

    /// <summary>A profiled breach rate as traffic is now; null when it is not known.</summary>
    private static double? Harder(double? rate, BreachSituation situation)
    {
        var factor = Math.Max(1, Odds(situation.ObservedBreachRate) / Odds(situation.Present.BreachRate ?? situation.ObservedBreachRate));
        return rate * factor / (1 - rate + rate * factor);
    }

    private static double Odds(double rate)
    {
        // Rates of 0 and 1 are small samples, not certainties.
        var inside = Math.Clamp(rate, 0.01, 0.99);
        return inside / (1 - inside);
    }

    private static Option? Cheapest(IEnumerable<Option> options) => options
        .Where(option => option.Considered.InfeasibleBecause is null)
        .OrderBy(option => option.Seconds)
        .ThenBy(option => option.Load.BytesToLoad)
        .ThenBy(option => option.Profile.Point.Target.Model, StringComparer.Ordinal)
        .ThenBy(option => option.Profile.Point.Target.Depth)
        .FirstOrDefault();

    private string Explain(Option? deepen, Option? change, Option? chosen)
    {
        if (chosen is null) return "neither more layers nor another candidate is feasible for this traffic, so the active point stays";
        var (other, kind) = chosen == deepen ? (change, "another candidate") : (deepen, "more layers");
        var against = other is null ? $"{kind}: not feasible for this traffic" : Invariant($"{other.Profile.Point} would cost {other.Seconds:0.###} s");
        return Invariant($"{chosen.Profile.Point} costs {chosen.Seconds:0.###} s over {horizonTokens} tokens; {against}");
    }

    private static IEnumerable<ScoreTerm> Known(string name, double? value, string unit) =>
        value is { } known && double.IsFinite(known) ? [new(name, known, unit)] : [];

    private sealed record Option(PointProfile Profile, double Seconds, ChangeCost Load, ConsideredPoint Considered);
}
