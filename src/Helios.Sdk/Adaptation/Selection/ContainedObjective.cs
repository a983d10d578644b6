namespace Helios.Sdk.Adaptation.Selection;

/// <summary>An objective that may be the application's own: where it throws, or is left alone because it threw, no point may serve by it.</summary>
/// <param name="inner">The objective.</param>
/// <param name="faults">What becomes of what it throws.</param>
internal sealed class ContainedObjective(ISloObjective inner, ObjectiveFaults faults) : ISloObjective
{
    /// <inheritdoc/>
    public string Name => inner.Name;

    /// <inheritdoc/>
    public bool NeedsEnergy => inner.NeedsEnergy;

    /// <inheritdoc/>
    public ObjectiveScore Score(PointProfile profile)
    {
        if (faults.Because(inner.Name) is { } because) return ObjectiveScore.Infeasible(because);
        try
        {
            return inner.Score(profile) ?? throw new InvalidOperationException("Its score is null.");
        }
        catch (Exception error)
        {
            return ObjectiveScore.Infeasible(faults.Failed(inner.Name, error));
        }
    }
}
