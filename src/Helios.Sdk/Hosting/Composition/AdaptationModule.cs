using System.Diagnostics;
using Helios.Sdk.Adaptation;
using Helios.Sdk.Adaptation.Candidates;
using Helios.Sdk.Adaptation.Evaluation;
using Helios.Sdk.Adaptation.Journal;
using Helios.Sdk.Adaptation.Loading;
using Helios.Sdk.Adaptation.Objectives;
using Helios.Sdk.Adaptation.Profiling;
using Helios.Sdk.Adaptation.Repository;
using Helios.Sdk.Adaptation.Scoring;
using Helios.Sdk.Adaptation.Selection;
using Helios.Sdk.Energy;
using Helios.Sdk.ExitPolicies;
using Helios.Sdk.Hosting.Configuration;
using Helios.Sdk.Hosting.Strategies;
using Helios.Sdk.Serving.Routing;
using Helios.Sdk.Telemetry;
using Microsoft.Extensions.Logging;

namespace Helios.Sdk.Hosting.Composition;

/// <summary>The adaptation loop, and what it measures, remembers and decides with.</summary>
internal sealed partial class AdaptationModule : IDisposable
{
    private readonly ServingModule serving;
    private readonly DeviceModule device;
    private readonly EngineStrategies strategies;
    private readonly ILogger logger;
    private readonly CancellationTokenSource stopping = new();
    private readonly Goals goals;
    private Task running = Task.CompletedTask;

    public AdaptationModule(HeliosOptions options, EngineContext context, DeviceModule device, ServingModule serving, EngineMeter meter, ILogger logger)
    {
        (this.serving, this.device, this.logger, strategies) = (serving, device, logger, context.Strategies);
        var (adaptation, telemetry, time) = (options.Adaptation, serving.Telemetry, context.Time);
        Policies = new ExitPolicyCatalog(strategies.ExitPolicies);
        Energy = new EnergyGauge(strategies.EnergyMeter?.Invoke() ?? EnergyMeters.For(device.Backend.Device), serving.Loop.State, time);
        Journal = new AdaptationJournal(time, logger, new AdaptationMetrics(meter));
        goals = new Goals(ObjectiveParser.Parse(adaptation.Objective, strategies.Objectives), device.Budget.Limit, ServiceLimits.Of(adaptation));
        if (adaptation.Enabled) CheckMeter(goals.Objective, goals.Limits);

        var exits = Policies.Find(options.Serving.ExitPolicy);
        foreach (var entry in device.Pool.Entries) ExitChoice.Of(entry.Info, entry.Info.Architecture.Layers, exits);
        var policy = exits.Name;
        ProfileSettings = new ProfileSettings(options.Serving, goals, device.Blocks)
        {
            ExitPolicy = policy,
            Energy = Energy,
            Certificates = CertificateFiles.Load(adaptation.Certificates, options.Precision, [.. device.Pool.Entries.Select(entry => entry.Info)]),
        };
        Site = new MeasuredOn(device.Backend.Device.Description, options.Precision);
        var faults = new ObjectiveFaults(Journal, time);
        var rules = new SelectionRules(adaptation, goals, faults);
        var candidates = new CandidatePool(device.Pool.Entries.Select(entry => entry.Facts), adaptation, OpenRepository(adaptation));
        var store = OpenStore(adaptation, candidates);
        Profiles = new Profiles(candidates.Choose(rules.Objective(telemetry.Lengths), goals.BudgetBytes), telemetry, ProfileSettings);

        var loads = new LoadLimit(adaptation.EvaluationTimeLimit, time);
        Scorer = new LayerwiseScorer(new ScoringParts(device.Backend, device.Kv, device.Blocks, device.Pool, device.Memory, device.Work, options.Precision, options.Serving.MaxRowsPerStep)
        {
            Loads = loads,
            LoadShare = Math.Min(adaptation.MaxLoadShare, 1.0 / Environment.ProcessorCount),
            Time = time,
        });
        var scoring = new TextScoring(device.Pool, Scorer, Journal);
        Probe = new StepProbe(device.Blocks, device.Work, time);
        Switcher = new PointSwitcher(device.Pool, device.Routes, telemetry, Journal, new SwitchSettings(adaptation, goals, Policies, loads, device.Work.Wake, time));
        var evaluation = new LiveEvaluation(Switcher, telemetry, scoring, Probe, Profiles, Journal, new EvaluationSettings(adaptation.RequestsPerCandidate, adaptation.EvaluationTimeLimit, options.Serving, goals, device.Work, time));
        Loop = new AdaptationLoop(new AdaptationParts(adaptation, options.Serving, goals, rules, candidates, Profiles, telemetry, Switcher, evaluation, scoring, device.Work, Journal)
        {
            Engine = context.Name,
            ExitPolicy = policy,
            Store = store,
            State = serving.Loop.State,
            Faults = faults,
            Time = time,
        });
        if (Loop.FindBudgetTrouble() is { } tooSmall) throw new InvalidOptionException(tooSmall);
        Goals = new GoalChanges(Loop, goals, device.Pool, device.Memory, device.Budget, time);
        ProfileMetrics.Add(meter, Profiles, device.Work);
    }

    public AdaptationLoop Loop { get; }

    /// <summary>Changes of the goals while the loop runs.</summary>
    public GoalChanges Goals { get; }

    public Profiles Profiles { get; }

    /// <summary>What holds for every profile of this engine.</summary>
    public ProfileSettings ProfileSettings { get; }

    /// <summary>What the engine's models are measured on.</summary>
    public MeasuredOn Site { get; }

    public AdaptationJournal Journal { get; }

    public PointSwitcher Switcher { get; }

    public LayerwiseScorer Scorer { get; }

    public StepProbe Probe { get; }

    public EnergyGauge Energy { get; }

    public ExitPolicyCatalog Policies { get; }

    /// <summary>Finds an objective by name.</summary>
    /// <exception cref="InvalidOptionException">There is none, or it needs a meter that is missing.</exception>
    public ISloObjective ParseObjective(string text)
    {
        var objective = ObjectiveParser.Parse(text, strategies.Objectives);
        CheckMeter(objective, goals.Limits);
        return objective;
    }

    /// <exception cref="InvalidOptionException">It needs a meter that is missing.</exception>
    public void Check(ISloObjective objective) => CheckMeter(objective, goals.Limits);

    /// <exception cref="InvalidOptionException">A limit is out of range, or needs a meter that is missing.</exception>
    public void Check(ServiceLimits limits)
    {
        OptionsCheck.Throw(limits);
        CheckMeter(goals.Objective, limits);
    }

    public void Start()
    {
        Energy.Start();
        running = Task.Run(RunAsync);
    }

    /// <summary>Asks the loop to end.</summary>
    public Task CancelAsync() => stopping.CancelAsync();

    /// <summary>Completes when the loop has ended, and what it scored and served is let go; the device thread must have ended.</summary>
    public async Task EndAsync()
    {
        await running.ConfigureAwait(false);
        await Scorer.CloseAsync().ConfigureAwait(false);
        Switcher.Dispose();
    }

    public void Dispose()
    {
        Energy.Dispose();
        Scorer.Dispose();
        stopping.Dispose();
    }

    private async Task RunAsync()
    {
        // Its decisions are no part of whatever was being traced when the engine was started.
        Activity.Current = null;
        try
        {
            await Loop.RunAsync(stopping.Token).ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (serving.Ending)
        {
            // The engine stops.
        }
        catch (Exception error)
        {
            // The active point goes on serving; when nothing does, waiting requests learn why.
            if (device.Routes.Current is not null)
            {
                LogAdaptationEnded(logger, error);
                return;
            }

            // Where the engine has ended before anything served, no load can succeed: that is no failure.
            if (!serving.Ending) LogNothingServes(logger, error.Message, error);
            serving.Loop.Refuse(error as HeliosException ?? new HeliosException(error.Message, error));
        }
    }

    /// <summary>The repository is the host's own file: what is wrong with it ends the start.</summary>
    private RepositoryRanking? OpenRepository(AdaptationOptions options) =>
        options is { Enabled: true, ModelRepository: { } path }
            ? new RepositoryRanking(OptionSource.Read("Adaptation:ModelRepository", () => RepositoryFile.Read(path)), options, Site, serving.Telemetry, ProfileSettings)
            : null;

    /// <summary>Opens the profile store and gives the candidates back what it knows of them; null when none is kept.</summary>
    private ProfileStore? OpenStore(AdaptationOptions options, CandidatePool candidates)
    {
        if (options is not { Enabled: true, ProfileStore: { } path }) return null;
        var store = new ProfileStore(new StoreSettings(path, Site, options.ProfileMaxAge) { Energy = Energy }, Journal);
        if (store.Usual is { } usual) serving.Telemetry.Lengths.Restore(usual.PromptTokens, usual.TotalTokens);
        foreach (var candidate in candidates.All) store.Restore(candidate);
        return store;
    }

    /// <summary>Without a meter, what needs one would never find a feasible point.</summary>
    private void CheckMeter(ISloObjective objective, ServiceLimits limits)
    {
        if (Energy.UnavailableBecause is not { } because) return;
        var wants = objective.NeedsEnergy ? new OptionValue("Adaptation:Objective", $"'{objective.Name}'")
            : limits.MaxJoulesPerToken is { } joules ? new OptionValue("Adaptation:MaxJoulesPerToken", Invariant($"{joules}"))
            : null;
        if (wants is null) return;
        throw new InvalidOptionException(new OptionFault(wants.Path, wants.Value, $"an energy meter, and {Energy.Source} is not available: {because}") { Note = "EstimateEnergy(watts), or --estimate-watts of helios, takes an estimate instead." });
    }

    [LoggerMessage(11, LogLevel.Error, "The adaptation loop ended; the active point keeps serving")]
    private static partial void LogAdaptationEnded(ILogger logger, Exception error);

    [LoggerMessage(13, LogLevel.Error, "No model can serve, and all requests are refused: {Reason}")]
    private static partial void LogNothingServes(ILogger logger, string reason, Exception error);
}
