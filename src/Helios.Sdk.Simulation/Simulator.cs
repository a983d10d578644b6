using System.Runtime.ExceptionServices;
using Helios.Sdk.Adaptation;
using Helios.Sdk.Adaptation.Evaluation;
using Helios.Sdk.Adaptation.Journal;
using Helios.Sdk.Adaptation.Loading;
using Helios.Sdk.Adaptation.Objectives;
using Helios.Sdk.Adaptation.Profiling;
using Helios.Sdk.Adaptation.Selection;
using Helios.Sdk.ExitPolicies;
using Helios.Sdk.Models;
using Helios.Sdk.Serving.Routing;
using Microsoft.Extensions.Logging.Abstractions;

namespace Helios.Sdk.Simulation;

/// <summary>
/// Runs an engine's serving loop and adaptation loop over scripted models and traffic on a simulated clock: tens of thousands of requests a
/// second, and equal seeds give equal runs. Use it to try an objective or options before production. Thread-safe.
/// </summary>
/// <exception cref="ArgumentException">The settings use features that a simulated model does not support: per-token exits, or drafts.</exception>
/// <param name="script">The script.</param>
/// <param name="settings">An engine's options; defaults when null.</param>
public sealed class Simulator(SimulationScript script, SimulationSettings? settings = null)
{
    private readonly SimulationSettings settings = Checked(settings ?? new());

    /// <summary>The start of simulated time.</summary>
    public static DateTimeOffset Start => SimulatedClock.Start;

    /// <summary>Serves the script's traffic under the adaptation loop.</summary>
    /// <param name="seed">Seed of the traffic and its texts.</param>
    /// <param name="observer">Receives the events of the adaptation loop; may be null.</param>
    /// <param name="cancellationToken">Cancels it, with an exception.</param>
    public SimulationReport Run(int seed = 0, Action<AdaptationEvent>? observer = null, CancellationToken cancellationToken = default) =>
        OnItsOwnThread(() => RunAdapting(seed, observer, cancellationToken));

    /// <summary>Serves the same traffic with one fixed point, without guard or scoring.</summary>
    /// <param name="target">The active point.</param>
    /// <param name="seed">Seed of the traffic.</param>
    /// <param name="cancellationToken">Cancels it, with an exception.</param>
    /// <exception cref="ArgumentException">The script has no such point.</exception>
    /// <exception cref="HeliosException">The point could not be loaded: the script's budget has no room for it, or lets its load fail.</exception>
    public SimulationReport RunFixed(LoadTarget target, int seed = 0, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(target);
        if (!Points.Contains(target)) throw new ArgumentException($"{target} is not a point of the script '{script.Name}'; expected a model's name and the depth of one of its exits.", nameof(target));
        return OnItsOwnThread(() => Serve(seed, (_, engine, stopping) => ServeAsync(engine, target, stopping), cancellationToken));
    }

    /// <summary>Runs the adaptation loop and every fixed point over the same traffic.</summary>
    /// <param name="seed">Seed of the traffic.</param>
    /// <param name="observer">Receives the events of the adaptation loop; may be null.</param>
    /// <param name="cancellationToken">Cancels it, with an exception.</param>
    public SimulationComparison Compare(int seed = 0, Action<AdaptationEvent>? observer = null, CancellationToken cancellationToken = default)
    {
        var truth = new ScriptTruth(script, settings);
        return new SimulationComparison
        {
            Adaptive = Run(seed, observer, cancellationToken),
            Fixed =
            [
                .. from target in Points
                   where truth.Fits(target)
                   select new FixedPoint(target, RunFixed(target, seed, cancellationToken), truth.InfeasibleBecause(target)),
            ],
        };
    }

    private IEnumerable<LoadTarget> Points =>
        from model in script.Models
        from exit in model.Texts.First().Value
        select new LoadTarget(model.Name, exit.Depth);

    private SimulationReport RunAdapting(int seed, Action<AdaptationEvent>? observer, CancellationToken cancellationToken)
    {
        var changes = new List<SimulationChange>();
        var report = Serve(
            seed,
            (world, engine, stopping) =>
            {
                var journal = new AdaptationJournal(world.Clock, NullLogger.Instance);
                journal.Subscribe(happened => Note(happened, engine.Tally, changes, world.Clock));
                if (observer is not null) journal.Subscribe(observer);
                return Adaptation(world, engine, journal).RunAsync(stopping);
            },
            cancellationToken);
        return report with { Changes = [.. changes] };
    }

    private SimulationReport Serve(int seed, Func<SimulatedWorld, SimulatedEngine, CancellationToken, Task> decide, CancellationToken cancellationToken)
    {
        var world = new SimulatedWorld(script, seed);
        using var engine = new SimulatedEngine(world, settings);
        engine.Serve(stopping => decide(world, engine, stopping), cancellationToken);
        return engine.Tally.Report(seed);
    }

    /// <summary>Loads a point and serves it.</summary>
    internal static async Task ServeAsync(SimulatedEngine engine, LoadTarget target, CancellationToken cancellationToken)
    {
        var result = await engine.Pool.AcquireAsync(target, progress: null, cancellationToken).ConfigureAwait(false);
        if (result is not AcquireResult.Acquired { Lease: ModelLease lease }) throw new HeliosException($"{target} cannot be served: {result}.");
        engine.Routes.Publish(new Route(new OperatingPoint(target), lease, new NoExitPolicy()));
    }

    /// <summary>The adaptation loop of an engine, but that texts are scored as the script says.</summary>
    private AdaptationLoop Adaptation(SimulatedWorld world, SimulatedEngine engine, AdaptationJournal journal)
    {
        var (options, serving, clock) = (settings.Adaptation, settings.Serving, world.Clock);
        var goals = new Goals(settings.Objective ?? ObjectiveParser.Parse(options.Objective), script.MemoryBudgetBytes, ServiceLimits.Of(options));
        var rules = new SelectionRules(options, goals);
        var candidates = new CandidatePool(engine.Pool.Entries.Select(entry => entry.Facts), options, ranking: null);
        var profiles = new Profiles(candidates.Choose(rules.Objective(engine.Telemetry.Lengths), goals.BudgetBytes), engine.Telemetry, new ProfileSettings(serving, goals, engine.Blocks));
        var loads = new LoadLimit(options.EvaluationTimeLimit, clock);
        var switcher = new PointSwitcher(engine.Pool, engine.Routes, engine.Telemetry, journal, new SwitchSettings(options, goals, new ExitPolicyCatalog(), loads, engine.Work.Wake, clock));
        var scoring = new SimulatedScoring(world, engine, serving.MaxRowsPerStep);
        var probe = new StepProbe(engine.Blocks, engine.Work, clock);
        var evaluation = new LiveEvaluation(switcher, engine.Telemetry, scoring, probe, profiles, journal, new EvaluationSettings(options.RequestsPerCandidate, options.EvaluationTimeLimit, serving, goals, engine.Work, clock));
        return new AdaptationLoop(new AdaptationParts(
            options, serving, goals, rules, candidates, profiles, engine.Telemetry, switcher, evaluation, scoring, engine.Work, journal)
        {
            State = engine.Loop.State,
            Time = clock,
        });
    }

    private static SimulationSettings Checked(SimulationSettings settings)
    {
        var serving = settings.Serving;
        if (new ExitPolicyCatalog().Find(serving.ExitPolicy) is not NoExitPolicy)
            throw new ArgumentException($"{nameof(ServingOptions.ExitPolicy)} is '{serving.ExitPolicy}'; expected 'none': a simulated model has no exits per token.", nameof(settings));
        if (serving.DraftDepth is { } depth)
            throw new ArgumentException(Invariant($"{nameof(ServingOptions.DraftDepth)} is {depth}; expected null: a simulated model drafts nothing."), nameof(settings));
        return settings;
    }

    private static void Note(AdaptationEvent happened, SimulationTally tally, List<SimulationChange> changes, SimulatedClock clock)
    {
        if (happened is AdaptationEvent.Breach) tally.Breach();
        var decision = happened switch
        {
            AdaptationEvent.Deepened deepened => deepened.Decision,
            AdaptationEvent.Switched switched => switched.Decision,
            _ => null,
        };
        if (decision is not null) changes.Add(new SimulationChange(clock.Seconds, decision.Trigger, decision.Previous, decision.Chosen, decision.Reason, decision.Degraded));
    }

    /// <summary>
    /// A continuation runs on the thread that completes what it waits for only where no synchronisation context and no
    /// scheduler has a say, and where the stack has room.
    /// </summary>
    private static T OnItsOwnThread<T>(Func<T> run)
    {
        T? result = default;
        ExceptionDispatchInfo? failure = null;
        var thread = new Thread(
            () =>
            {
                try
                {
                    result = run();
                }
                catch (Exception error)
                {
                    failure = ExceptionDispatchInfo.Capture(error);
                }
            },
            maxStackSize: 16 << 20)
        {
            IsBackground = true,
            Name = "helios-simulation",
        };
        thread.Start();
        thread.Join();
        failure?.Throw();
        return result!;
    }
}

/// <summary>An engine's options, as far as a simulation has them.</summary>
public sealed record SimulationSettings
{
    /// <summary>The objective; null uses <see cref="AdaptationOptions.Objective"/>.</summary>
    public ISloObjective? Objective { get; init; }

    /// <summary>Options of the adaptation loop.</summary>
    public AdaptationOptions Adaptation { get; init; } = new();

    /// <summary>Options of the serving loop. No exit policy and no drafts: a simulated model supports neither.</summary>
    public ServingOptions Serving { get; init; } = new();
}
