using System.Collections.Immutable;

namespace Helios.Sdk;

/// <summary>What the adaptation loop knew, what it chose and why: one for every time it considered a change.</summary>
public sealed record AdaptationDecision
{
    /// <summary>When it was made.</summary>
    public required DateTimeOffset At { get; init; }

    /// <summary>What made the loop consider a change.</summary>
    public required AdaptationTrigger Trigger { get; init; }

    /// <summary>Every point considered, in the order of the profiles.</summary>
    public required ImmutableArray<ConsideredPoint> Considered { get; init; }

    /// <summary>What served before; null when nothing did.</summary>
    public required OperatingPoint? Previous { get; init; }

    /// <summary>What is to serve; equal to <see cref="Previous"/> when nothing changes.</summary>
    public required OperatingPoint Chosen { get; init; }

    /// <summary>Why, in one sentence.</summary>
    public required string Reason { get; init; }

    /// <summary>Whether no point met every constraint, so that <see cref="Chosen"/> is only the best that can be had.</summary>
    public bool Degraded { get; init; }

    /// <summary>Most sequences that may run together at <see cref="Chosen"/> for its score to hold; null when as many as fit may.</summary>
    public int? Batch { get; init; }

    /// <summary>What the change is expected to cost; null when nothing is to be loaded or the cost is not known.</summary>
    public ChangeCost? PredictedCost { get; init; }

    /// <summary>
    /// Why <see cref="Chosen"/> could not be brought up, so that <see cref="Previous"/> goes on serving; null when it was, and
    /// while it is being brought up.
    /// </summary>
    public string? NotCarriedOutBecause { get; init; }

    /// <summary>What the choice amounts to.</summary>
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
/// <param name="Score">Its score, more is better; null when it may not serve.</param>
/// <param name="Terms">What the score was made of.</param>
/// <param name="InfeasibleBecause">Why it may not serve; null when it may.</param>
public sealed record ConsideredPoint(OperatingPoint Point, double? Score, ImmutableArray<ScoreTerm> Terms, string? InfeasibleBecause = null)
{
    /// <summary>Most sequences running together for which the score holds; null when it holds for as many as fit.</summary>
    public int? Batch { get; init; }
}

/// <summary>What going from one point to another takes.</summary>
/// <param name="BytesToLoad">Bytes that are not on the device yet.</param>
/// <param name="LoadSeconds">Time to load them, in seconds.</param>
public readonly record struct ChangeCost(long BytesToLoad, double LoadSeconds);

/// <summary>What made the adaptation loop consider a change.</summary>
public enum AdaptationTrigger
{
    /// <summary>The engine started, and its candidates were evaluated for the first time.</summary>
    Start,

    /// <summary>So many requests passed since the last evaluation.</summary>
    Reassessment,

    /// <summary>The breach counter went over its limit.</summary>
    Breach,

    /// <summary>Scoring showed that the active point is below its quality floor.</summary>
    Quality,

    /// <summary>Confidence or exit depth of the served tokens drifted.</summary>
    Drift,

    /// <summary>Demand changed, as from idle to saturated.</summary>
    LoadChanged,

    /// <summary>Steps take longer or shorter than predicted, as when another process takes cores.</summary>
    PaceChanged,

    /// <summary>The objective was changed.</summary>
    ObjectiveChanged,

    /// <summary>The memory budget was changed.</summary>
    BudgetChanged,

    /// <summary>The limits that every point must keep were changed.</summary>
    LimitsChanged,

    /// <summary>Somebody asked.</summary>
    Demand,
}

/// <summary>What a decision amounts to.</summary>
public enum AdaptationAct
{
    /// <summary>The first point is brought up.</summary>
    Start,

    /// <summary>The active point goes on serving.</summary>
    Keep,

    /// <summary>The same model with more layers.</summary>
    Deepen,

    /// <summary>The same model with fewer layers.</summary>
    Trim,

    /// <summary>Another model, or another precision or exit policy of the same one.</summary>
    Switch,
}
