using Helios.Sdk.Models;

namespace Helios.Sdk;

/// <summary>
/// Observes and controls an engine while it serves: its state, decisions, objective and limits.
/// Thread-safe. Applications can mock it in tests.
/// </summary>
public interface IHeliosControl
{
    /// <summary>The models, their loaded layers and their memory.</summary>
    IModelPool Pool { get; }

    /// <summary>
    /// Completes when the first model is loaded. Fails with <see cref="HeliosException"/> if no model can be loaded; requests then fail too.
    /// </summary>
    Task Ready { get; }

    /// <summary>The latest decisions of the adaptation loop, oldest first; 256 are kept.</summary>
    IReadOnlyList<AdaptationDecision> Decisions { get; }

    /// <summary>The present state of the engine.</summary>
    EngineSnapshot Snapshot { get; }

    /// <summary>The present limits of all points.</summary>
    ServiceLimits Limits { get; }

    /// <summary>
    /// Calls an observer for the latest 256 events of the adaptation loop, before this returns, and then for every new event, one call
    /// at a time and in order, on the adaptation loop's thread.
    /// </summary>
    /// <param name="observer">Must return quickly, because the adaptation loop waits for it, and must not wait for the engine to stop; its exceptions are logged.</param>
    /// <returns>Ends the subscription when disposed.</returns>
    IDisposable Observe(Action<AdaptationEvent> observer);

    /// <summary>Requests a reassessment of the candidates now; returns at once.</summary>
    void Reassess();

    /// <summary>
    /// Sets the objective. The candidates are chosen again, and one of their points is selected; the active point keeps
    /// serving meanwhile. A running evaluation is interrupted, and continues afterwards.
    /// </summary>
    /// <param name="objective">As in <see cref="AdaptationOptions.Objective"/>.</param>
    /// <param name="cancellationToken">Ends only the wait; the objective is still set, unless another change of goals was running.</param>
    /// <returns>The decision for it.</returns>
    /// <exception cref="ArgumentException">No such objective, its limits are wrong, or it needs a meter that is missing.</exception>
    /// <exception cref="InvalidOperationException">The adaptation loop is off (<see cref="AdaptationOptions.Enabled"/>).</exception>
    /// <exception cref="HeliosException">The engine stops.</exception>
    Task<AdaptationDecision> SetObjectiveAsync(string objective, CancellationToken cancellationToken = default);

    /// <summary>Sets an objective of the application, or one of <c>SloObjectives</c>.</summary>
    /// <param name="objective">The objective.</param>
    /// <param name="cancellationToken">Ends only the wait; the objective is still set, unless another change of goals was running.</param>
    /// <returns>The decision for it.</returns>
    /// <exception cref="ArgumentException">It needs a meter that is missing.</exception>
    /// <exception cref="InvalidOperationException">The adaptation loop is off (<see cref="AdaptationOptions.Enabled"/>).</exception>
    /// <exception cref="HeliosException">The engine stops.</exception>
    Task<AdaptationDecision> SetObjectiveAsync(ISloObjective objective, CancellationToken cancellationToken = default);

    /// <summary>Sets the limits of all points, and selects a point within them; otherwise like <see cref="SetObjectiveAsync(string, CancellationToken)"/>.</summary>
    /// <param name="limits">All limits, as <c>engine.Limits with { MinAgreement = 0.9 }</c>.</param>
    /// <param name="cancellationToken">Ends only the wait; the limits are still set.</param>
    /// <returns>The decision for them.</returns>
    /// <exception cref="ArgumentException">A limit is out of range, or needs a meter that is missing.</exception>
    /// <exception cref="InvalidOperationException">The adaptation loop is off (<see cref="AdaptationOptions.Enabled"/>).</exception>
    /// <exception cref="HeliosException">The engine stops.</exception>
    Task<AdaptationDecision> SetLimitsAsync(ServiceLimits limits, CancellationToken cancellationToken = default);

    /// <summary>
    /// Sets the memory budget, and selects a point for it. A smaller budget is in force when everything fits: free and
    /// cached KV is freed, then the least urgent requests are preempted and continue later. If that is not enough, another point
    /// becomes active, and the former point is freed when its last request has ended.
    /// </summary>
    /// <param name="bytes">Maximum bytes for weights, workspaces and KV together, above 0.</param>
    /// <param name="cancellationToken">Cancels the change to a smaller budget, and the former one stays in force; a larger budget is still set.</param>
    /// <returns>That it is in force, or why it is not: the smallest point does not fit, or cannot be loaded beside the active point.</returns>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="bytes"/> is 0 or less.</exception>
    /// <exception cref="InvalidOperationException">The adaptation loop is off (<see cref="AdaptationOptions.Enabled"/>).</exception>
    /// <exception cref="HeliosException">The engine stops.</exception>
    Task<BudgetChange> SetMemoryBudgetAsync(long bytes, CancellationToken cancellationToken = default);
}
