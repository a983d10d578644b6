namespace Helios.Sdk.Adaptation.Objectives;

/// <summary>A breach rate so far below the guard's limit that unchanged traffic seldom trips it. The full depth never breaches.</summary>
/// <param name="inner">What scores the points that meet it.</param>
/// <param name="maxRate">The highest share of tokens at a point, 0..1.</param>
internal sealed class BreachCeiling(ISloObjective inner, Func<PointProfile, double> maxRate) : ConstrainedObjective(inner)
{
    /// <inheritdoc/>
    protected override string? Violation(PointProfile profile)
    {
        if (profile.IsFullDepth) return null;
        if (profile.BreachRate is not { } rate) return "breach rate is not measured yet";
        var most = maxRate(profile);
        return rate <= most ? null : Invariant($"breach rate {rate:0.###} is over {most:0.###}");
    }
}
