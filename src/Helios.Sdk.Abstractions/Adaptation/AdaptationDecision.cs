using System.Collections.Immutable;

namespace Helios.Sdk;

/// <summary>A decision of the adaptation loop: the considered points, the choice and the reason. There is one for every time it considered a change.</summary>
public sealed record AdaptationDecision
{
    /// <summary>Time of the decision.</summary>
    public required DateTimeOffset At { get; init; }

    /// <summary>Why the loop considered a change.</summary>
    public required AdaptationTrigger Trigger { get; init; }

    /// <summary>All considered points, in the order of the profiles.</summary>
    public required ImmutableArray<ConsideredPoint> Considered { get; init; }

    /// <summary>The active point before; null if there was none.</summary>
    public required OperatingPoint? Previous { get; init; }

    /// <summary>The chosen point; equal to <see cref="Previous"/> if nothing changes.</summary>
    public required OperatingPoint Chosen { get; init; }

    /// <summary>The reason, in one sentence.</summary>
    public required string Reason { get; init; }

    /// <summary>Whether no point satisfied every constraint, so that <see cref="Chosen"/> is only the best available point.</summary>
    public bool Degraded { get; init; }

    /// <summary>Maximum sequences that may run together at <see cref="Chosen"/> so that its score holds; null if as many as fit may run.</summary>
    public int? Batch { get; init; }

    /// <summary>Predicted cost of the change; null if nothing must be loaded or the cost is not known.</summary>
    public ChangeCost? PredictedCost { get; init; }

    /// <summary>
    /// Why <see cref="Chosen"/> could not be loaded, so that <see cref="Previous"/> keeps serving; null if it was loaded, and while it
    /// is being loaded.
    /// </summary>
    public string? NotCarriedOutBecause { get; init; }

    /// <summary>The kind of change.</summary>
    public AdaptationAct Act
    {
        get
        {
            if (Previous is null) return AdaptationAct.Start;
            if (Previous == Chosen) return AdaptationAct.Keep;
            if (Previous.Target.Model != Chosen.Target.Model) return AdaptationAct.Switch;
            return Chosen.Target.Depth.CompareTo(Previous.Target.Depth) switch
            {
                > 0 => AdaptationAct.Deepen,
                < 0 => AdaptationAct.Trim,
                _ => AdaptationAct.Switch,
            };
        }
    }
}

/// <summary>A point that a decision considered.</summary>
/// <param name="Point">The point.</param>
/// <param name="Score">Its score, higher is better; null if it is infeasible.</param>
/// <param name="Terms">Terms of the score.</param>
/// <param name="InfeasibleBecause">Why it is infeasible; null if it is feasible.</param>
public sealed record ConsideredPoint(OperatingPoint Point, double? Score, ImmutableArray<ScoreTerm> Terms, string? InfeasibleBecause = null)
{
    /// <summary>Maximum sequences that run together for which the score holds; null if it holds for as many as fit.</summary>
    public int? Batch { get; init; }
}

/// <summary>Cost of a change from one point to another.</summary>
/// <param name="BytesToLoad">Bytes that are not on the device yet.</param>
/// <param name="LoadSeconds">Time to load them, in seconds.</param>
public readonly record struct ChangeCost(long BytesToLoad, double LoadSeconds);

/// <summary>Why the adaptation loop considered a change.</summary>
public enum AdaptationTrigger
{
    /// <summary>The engine started, and its candidates were evaluated for the first time.</summary>
    Start,

    /// <summary><see cref="AdaptationOptions.ReassessEveryRequests"/> or <see cref="AdaptationOptions.ReassessEvery"/> was reached.</summary>
    Reassessment,

    /// <summary>The breach counter exceeded its limit.</summary>
    Breach,

    /// <summary>Scoring showed that the active point is below its quality floor.</summary>
    Quality,

    /// <summary>Confidence or exit depth of the served tokens drifted.</summary>
    Drift,

    /// <summary>The load changed, for example from idle to saturated.</summary>
    LoadChanged,

    /// <summary>Steps take longer or shorter than predicted, for example because another process takes cores.</summary>
    PaceChanged,

    /// <summary>The objective was changed.</summary>
    ObjectiveChanged,

    /// <summary>The memory budget was changed.</summary>
    BudgetChanged,

    /// <summary>The limits of all points were changed.</summary>
    LimitsChanged,

    /// <summary>The application requested it (<see cref="IHeliosControl.Reassess"/>).</summary>
    Demand,
}

/// <summary>The kind of change that a decision makes.</summary>
public enum AdaptationAct
{
    /// <summary>The first point is loaded.</summary>
    Start,

    /// <summary>The active point keeps serving.</summary>
    Keep,

    /// <summary>The same model with more layers.</summary>
    Deepen,

    /// <summary>The same model with fewer layers.</summary>
    Trim,

    /// <summary>Another model, or another precision or exit policy of the same one.</summary>
    Switch,
}
