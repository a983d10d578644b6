using Helios.Sdk.Adaptation.Objectives;
using Helios.Sdk.Adaptation.Telemetry;

namespace Helios.Sdk.Adaptation.Selection;

/// <summary>
/// What a selection goes by, the objective and the limits of the moment, and the guard's two rules: <see cref="Breach"/> acts on what
/// exits say of themselves, <see cref="Floor"/> on what scoring at full depth shows. Belongs to the adaptation loop.
/// </summary>
/// <param name="options">Depth rule, evidence and certificates.</param>
/// <param name="goals">What is to be best, and what a point must keep.</param>
/// <param name="faults">What becomes of an objective that throws; null lets it end the loop.</param>
internal sealed class SelectionRules(AdaptationOptions options, Goals goals, ObjectiveFaults? faults = null)
{
    private readonly BreachCeilings ceilings = new(options);

    /// <summary>Holds the active point to the floors of quality and agreement.</summary>
    public FloorRule Floor { get; } = new(options, goals);

    /// <summary>The objective under its constraints.</summary>
    /// <param name="lengths">Lengths of a usual request.</param>
    public ISloObjective Objective(UsualLengths lengths)
    {
        var objective = faults is null ? goals.Objective : new ContainedObjective(goals.Objective, faults);
        return ObjectiveParser.Constrain(objective, options, goals.Limits, ceilings.For(lengths));
    }

    /// <summary>What decides when breaches are over their limit.</summary>
    /// <param name="constrained">The objective that the last selection went by.</param>
    /// <param name="lengths">Lengths of a usual request.</param>
    public BreachRule Breach(ISloObjective constrained, UsualLengths lengths) =>
        new(constrained, ceilings.For(lengths), ceilings.TokensPerInterval(lengths));
}
