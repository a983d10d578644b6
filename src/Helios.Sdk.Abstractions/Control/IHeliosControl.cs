using Helios.Sdk.Models;

namespace Helios.Sdk;

/// <summary>
/// Watches and steers an engine while it serves: what it does, what it decided, what it is to optimize and within which limits.
/// Thread-safe. An interface, so that what an application builds on it can be tested without an engine.
/// </summary>
public interface IHeliosControl
{
    /// <summary>The models, what is loaded of each, and the memory they take.</summary>
    IModelPool Pool { get; }

    /// <summary>
    /// Completes when the first model serves. Fails with <see cref="HeliosException"/> when none can; requests then fail alike.
    /// </summary>
    Task Ready { get; }

    /// <summary>The latest decisions of the adaptation loop, oldest first; 256 are kept.</summary>
    IReadOnlyList<AdaptationDecision> Decisions { get; }

    /// <summary>What the engine is doing now.</summary>
    EngineSnapshot Snapshot { get; }

    /// <summary>What every point must keep now.</summary>
    ServiceLimits Limits { get; }

    /// <summary>
    /// Calls an observer for what the adaptation loop has done (the latest 256 events, before this returns) and for everything
    /// it does from now on, one call at a time and in order, on the adaptation loop's thread.
    /// </summary>
    /// <param name="observer">Must be quick, or the adaptation loop is late, and must not wait for the engine to stop; what it throws is logged.</param>
    /// <returns>Ends the subscription when disposed.</returns>
    IDisposable Observe(Action<AdaptationEvent> observer);

    /// <summary>Asks for the candidates to be reassessed now; returns at once.</summary>
    void Reassess();

    /// <summary>
    /// Sets what "best" means from now on. The candidates are chosen anew, and one of their points is selected; the active point goes on
    /// serving meanwhile. An evaluation under way is interrupted for that, and goes on afterwards.
    /// </summary>
    /// <param name="objective">As in <see cref="AdaptationOptions.Objective"/>.</param>
    /// <param name="cancellationToken">Waits no longer; the objective is set all the same, unless another change of goals was still under way.</param>
    /// <returns>What was decided upon it.</returns>
    /// <exception cref="ArgumentException">No such objective, its limits are wrong, or it needs a meter that is missing.</exception>
    /// <exception cref="InvalidOperationException">The adaptation loop is off (<see cref="AdaptationOptions.Enabled"/>).</exception>
    /// <exception cref="HeliosException">The engine stops.</exception>
    Task<AdaptationDecision> SetObjectiveAsync(string objective, CancellationToken cancellationToken = default);

    /// <summary>The same with an objective that the application made, or one of <c>SloObjectives</c>.</summary>
    /// <param name="objective">What "best" means.</param>
    /// <param name="cancellationToken">Waits no longer; the objective is set all the same, unless another change of goals was still under way.</param>
    /// <returns>What was decided upon it.</returns>
    /// <exception cref="ArgumentException">It needs a meter that is missing.</exception>
    /// <exception cref="InvalidOperationException">The adaptation loop is off (<see cref="AdaptationOptions.Enabled"/>).</exception>
    /// <exception cref="HeliosException">The engine stops.</exception>
    Task<AdaptationDecision> SetObjectiveAsync(ISloObjective objective, CancellationToken cancellationToken = default);

    /// <summary>Sets what every point must keep from now on, and selects one that does; else as <see cref="SetObjectiveAsync(string, CancellationToken)"/>.</summary>
    /// <param name="limits">All limits, as <c>engine.Limits with { MinAgreement = 0.9 }</c>.</param>
    /// <param name="cancellationToken">Waits no longer; the limits are set all the same.</param>
    /// <returns>What was decided upon them.</returns>
    /// <exception cref="ArgumentException">A limit is out of range, or needs a meter that is missing.</exception>
    /// <exception cref="InvalidOperationException">The adaptation loop is off (<see cref="AdaptationOptions.Enabled"/>).</exception>
    /// <exception cref="HeliosException">The engine stops.</exception>
    Task<AdaptationDecision> SetLimitsAsync(ServiceLimits limits, CancellationToken cancellationToken = default);

    /// <summary>
    /// Sets the memory budget from now on, and selects a point for it. A smaller one is in force once everything fits: free and
    /// cached KV is given back, then that of the least urgent requests, which go on later; where that is not enough another point
    /// serves, and the former one goes when its last request has ended.
    /// </summary>
    /// <param name="bytes">Most bytes for weights, workspaces and KV together, above 0.</param>
    /// <param name="cancellationToken">Gives a smaller budget up, and the former one stays in force; a larger one is in force all the same.</param>
    /// <returns>That it is in force, or why it is not: the least that could serve does not fit, or cannot be brought up beside the active point.</returns>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="bytes"/> is 0 or less.</exception>
    /// <exception cref="InvalidOperationException">The adaptation loop is off (<see cref="AdaptationOptions.Enabled"/>).</exception>
    /// <exception cref="HeliosException">The engine stops.</exception>
    Task<BudgetChange> SetMemoryBudgetAsync(long bytes, CancellationToken cancellationToken = default);
}
