namespace Helios.Sdk.Adaptation.Objectives;

/// <summary>No more than so many joules for a token.</summary>
/// <param name="inner">What scores the points that meet it.</param>
/// <param name="maxJoules">Joules, above 0.</param>
internal sealed class JoulesCeiling(ISloObjective inner, double maxJoules) : ConstrainedObjective(inner)
{
    /// <inheritdoc/>
    public override bool NeedsEnergy => true;

    /// <inheritdoc/>
    protected override string? Violation(PointProfile profile) => profile.JoulesPerToken switch
    {
        null => "energy is not measured yet",
        { } joules when joules <= maxJoules => null,
        { } joules => Invariant($"{joules:0.####} J per token are over {maxJoules:0.####}"),
    };
}
