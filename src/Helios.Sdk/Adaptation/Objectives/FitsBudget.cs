namespace Helios.Sdk.Adaptation.Objectives;

/// <summary>Room for at least one sequence beside the weights.</summary>
/// <param name="inner">What scores the points that meet it.</param>
internal sealed class FitsBudget(ISloObjective inner) : ConstrainedObjective(inner)
{
    /// <inheritdoc/>
    protected override string? Violation(PointProfile profile) =>
        profile.MaxBatch >= 1 ? null : "it does not fit the memory budget with one sequence";
}
