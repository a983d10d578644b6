using System.Runtime.ExceptionServices;
using Helios.Sdk.Adaptation;
using Helios.Sdk.Adaptation.Candidates;
using Helios.Sdk.Adaptation.Estimation;
using Helios.Sdk.Adaptation.Evaluation;
using Helios.Sdk.Adaptation.Journal;
using Helios.Sdk.Adaptation.Objectives;
using Helios.Sdk.Adaptation.Profiling;
using Helios.Sdk.Adaptation.Selection;
using Helios.Sdk.Adaptation.Telemetry;
using Helios.Sdk.Serving;
using Helios.Sdk.Serving.KvCache;
using Microsoft.Extensions.Logging.Abstractions;

namespace Helios.Sdk.Simulation;

/// <summary>
/// Runs the adaptation loop of an engine, the same code, over a scripted world on a made-up clock: thousands of requests a
/// second, equal for equal seeds. For trying an objective or options before they meet traffic.
/// </summary>
/// <param name="script">The world.</param>
/// <param name="settings">What an engine would be told; defaults when null.</param>
public sealed class Simulator(SimulationScript script, SimulationSettings? settings = null)
{
    /// <summary>A simulation's KV has no slabs; these are so small that the profiles' hardly matter.</summary>
    private const int BlocksPerSlab = 64;

    private readonly SimulationSettings settings = settings ?? new();

    /// <summary>When simulated time begins.</summary>
    public static DateTimeOffset Start => SimulatedClock.Start;

    /// <summary>Serves the script's traffic under the adaptation loop.</summary>
    /// <param name="seed">Of the traffic, and of what its texts are like.</param>
    /// <param name="observer">Told everything that an engine's observers are told; may be null.</param>
    /// <param name="cancellationToken">Ends it early, with an exception.</param>
    public SimulationReport Run(int seed = 0, Action<AdaptationEvent>? observer = null, CancellationToken cancellationToken = default) =>
        OnItsOwnThread(() => RunAdapting(seed, observer, cancellationToken));

    /// <summary>Serves the same traffic by one point, from the first request to the last, without a guard or scoring.</summary>
    /// <param name="target">What serves.</param>
    /// <param name="seed">Of the traffic.</param>
    /// <param name="cancellationToken">Ends it early, with an exception.</param>
    public SimulationReport RunFixed(LoadTarget target, int seed = 0, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(target);
        var clock = new SimulatedClock();
        var device = new SimulatedDevice(script, settings.Serving, Seed(seed), clock, new DeviceWork(settings.Adaptation.MaxScoringShare, clock, inline: true), telemetry: null);
        device.Tally.MaxQualityGap = settings.Adaptation.MaxQualityGap;
        var model = device.Models.FirstOrDefault(each => each.Name == target.Model && each.Depths.Contains(target.Depth))
            ?? throw new ArgumentException($"{target} is no point of the script '{script.Name}'; expected a model's name and the depth of one of its exits.", nameof(target));
        model.Claim(target.Depth);
        device.Publish(new SimulatedRoute(new OperatingPoint(target), model));
        device.Run(cancellationToken);
        return device.Tally.Report(seed, clock.Seconds);
    }

    /// <summary>Runs the adaptation loop and every fixed point over the same traffic.</summary>
    /// <param name="seed">Of the traffic.</param>
    /// <param name="observer">Told what the adaptation loop's observers are told; may be null.</param>
    /// <param name="cancellationToken">Ends it early, with an exception.</param>
    public SimulationComparison Compare(int seed = 0, Action<AdaptationEvent>? observer = null, CancellationToken cancellationToken = default)
    {
        var truth = new ScriptTruth(script, settings);
        return new SimulationComparison
        {
            Adaptive = Run(seed, observer, cancellationToken),
            Fixed =
            [
                .. from model in script.Models
                   from exit in model.Texts.First().Value
                   let target = new LoadTarget(model.Name, exit.Depth)
                   select new FixedPoint(target, RunFixed(target, seed, cancellationToken), truth.InfeasibleBecause(target)),
            ],
        };
    }

    private SimulationReport RunAdapting(int seed, Action<AdaptationEvent>? observer, CancellationToken cancellationToken)
    {
        var options = settings.Adaptation;
        var clock = new SimulatedClock();
        var work = new DeviceWork(options.MaxScoringShare, clock, inline: true);
        var telemetry = new ServingTelemetry(options, clock, inline: true);
        var device = new SimulatedDevice(script, settings.Serving, Seed(seed), clock, work, telemetry);
        device.Tally.MaxQualityGap = options.MaxQualityGap;
        var journal = new AdaptationJournal(clock, NullLogger.Instance);
        var changes = new List<SimulationChange>();
        using var noted = journal.Subscribe(happened => Note(happened, device.Tally, changes, clock));
        using var observed = observer is null ? null : journal.Subscribe(observer);

        var pace = new Pace();
        var candidates = device.Models.Select(model => model.ToCandidate(options, pace)).ToList();
        var goals = new Goals(settings.Objective ?? ObjectiveParser.Parse(options.Objective), script.MemoryBudgetBytes, ServiceLimits.Of(options));
        var profiles = new Profiles(candidates, telemetry, new ProfileSettings(settings.Serving, goals, new KvSizes(script, settings.Serving)));
        var switcher = new SimulatedSwitcher(script, device, clock, telemetry, journal, options);
        var scoring = new SimulatedScoring(device, work, Seed(seed));
        var evaluation = new SimulatedEvaluation(device, switcher, telemetry, scoring, profiles, journal, new EvaluationSettings(options.RequestsPerCandidate, options.EvaluationTimeLimit, settings.Serving, goals, work, clock));
        var loop = new AdaptationLoop(new AdaptationParts(
            options, settings.Serving, goals, new SelectionRules(options, goals), new AllModels(candidates), profiles, telemetry, switcher, evaluation, scoring, work, journal)
        {
            Time = clock,
        });

        using var stopping = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        var adapting = loop.RunAsync(stopping.Token);
        device.Run(cancellationToken);
        var report = device.Tally.Report(seed, clock.Seconds) with { Changes = [.. changes] };
        if (adapting.IsFaulted) adapting.GetAwaiter().GetResult();
        work.Close();
        stopping.Cancel();
        return report;
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

    private static ulong Seed(int seed) => new SimulationRandom((ulong)(uint)seed).Next();

    /// <summary>Every model of the script is a candidate.</summary>
    private sealed class AllModels(IReadOnlyList<Candidate> candidates) : IShortlist
    {
        public IReadOnlyList<Candidate> Choose(ISloObjective objective, long budgetBytes) => candidates;
    }

    private sealed class KvSizes(SimulationScript script, ServingOptions serving) : IKvSizes
    {
        public long BytesPerSlab { get; } = BlocksPerSlab * script.Models.Max(model => (long)model.KvBytesPerToken * model.Layers) * serving.KvBlockTokens;

        public long BlockBytes(KvShape shape) => (long)shape.Layers * shape.KvHeads * serving.KvBlockTokens;
    }
}

/// <summary>What a simulation is told, as an engine would be.</summary>
public sealed record SimulationSettings
{
    /// <summary>What "best" means; null goes by <see cref="AdaptationOptions.Objective"/>.</summary>
    public ISloObjective? Objective { get; init; }

    /// <summary>Options of the adaptation loop.</summary>
    public AdaptationOptions Adaptation { get; init; } = new();

    /// <summary>Options of the serving loop; limits of batch, rows and blocks are what a simulation knows of it.</summary>
    public ServingOptions Serving { get; init; } = new();
}
