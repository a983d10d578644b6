namespace Helios.Sdk.Adaptation.Objectives;

/// <summary>An objective under one condition more. Every condition that fails is named.</summary>
/// <param name="inner">What scores the points that meet it.</param>
internal abstract class ConstrainedObjective(ISloObjective inner) : ISloObjective
{
    /// <inheritdoc/>
    public string Name => inner.Name;

    /// <inheritdoc/>
    public virtual bool NeedsEnergy => inner.NeedsEnergy;

    /// <inheritdoc/>
    public ObjectiveScore Score(PointProfile profile)
    {
        var score = inner.Score(profile);
        if (Violation(profile) is not { } violation) return score;
        var because = score.InfeasibleBecause is { } already ? $"{already}; {violation}" : violation;
        return score with { Value = double.NegativeInfinity, InfeasibleBecause = because };
    }

    /// <summary>Why a point may not serve; null when it may.</summary>
    /// <param name="profile">What is known of it.</param>
    protected abstract string? Violation(PointProfile profile);
}
