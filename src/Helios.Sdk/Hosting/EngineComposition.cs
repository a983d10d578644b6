using Helios.Sdk.Adaptation;
using Helios.Sdk.Adaptation.Certification;
using Helios.Sdk.Adaptation.Evaluation;
using Helios.Sdk.Adaptation.Loading;
using Helios.Sdk.Adaptation.Objectives;
using Helios.Sdk.Adaptation.Repository;
using Helios.Sdk.Adaptation.Selection;
using Helios.Sdk.Adaptation.Telemetry;
using Helios.Sdk.Checkpoints;
using Helios.Sdk.Energy;
using Helios.Sdk.ExitPolicies;
using Helios.Sdk.Hosting.Configuration;
using Helios.Sdk.Naming;
using Helios.Sdk.Serving;
using Helios.Sdk.Serving.Decoding;
using Helios.Sdk.Serving.KvCache;
using Helios.Sdk.Serving.Routing;
using Helios.Sdk.Serving.Scheduling;
using Helios.Sdk.Serving.Scheduling.Orders;
using Helios.Sdk.Telemetry;
using Helios.Sdk.Tokenization;
using Helios.Sdk.Tokenization.ChatTemplates;
using Microsoft.Extensions.Logging;

namespace Helios.Sdk;

/// <summary>The composition root: the one place that knows every part of an engine.</summary>
internal static partial class EngineComposition
{
    public static HeliosEngine Start(HeliosOptions options, HeliosBuilder builder)
    {
        var opened = new Stack<IDisposable>();
        try
        {
            return new HeliosEngine(Compose(options, builder, opened));
        }
        catch
        {
            while (opened.TryPop(out var part)) part.Dispose();
            throw;
        }
    }

    private static EngineParts Compose(HeliosOptions options, HeliosBuilder builder, Stack<IDisposable> opened)
    {
        var checkpoints = options.Models.Select((source, i) => Opened(ModelAt(i).Read(() => Checkpoint.Open(source.Path, source.Name)), opened)).ToList();
        var strategies = builder.Strategies;
        var backend = Opened(Backends.Create(options, strategies.Backends), opened);
        var time = builder.Time;
        var logger = HeliosTelemetry.LoggerOf(builder.Logging, builder.Name);
        if (backend.Device.Warning is { } warning) LogDeviceWarning(logger, backend.Device.Name, warning);
        var adaptation = options.Adaptation;
        CheckDepths(options, checkpoints[0].Info);

        var budget = new MemoryBudget(options.MemoryBudgetBytes ?? DefaultBudget(backend.Device.TotalMemory));
        var kv = Opened(MakeKvStore(options.Serving, backend, budget, checkpoints), opened);
        var blocks = new BlockPool(kv, budget);
        var work = new DeviceWork(adaptation.MaxScoringShare, time);
        var memory = new KvReclaimer(budget, blocks, work);
        ServingLoop? loop = null;
        var pace = new LoadPace(adaptation.MaxLoadShare, Environment.ProcessorCount, () => loop?.Sequences.Running > 0, time);
        var entries = checkpoints.Select((checkpoint, i) => ModelAt(i).Read(() => MakeEntry(new PacedCheckpoint(checkpoint, pace), backend, options, options.Models[i], strategies, time))).ToList();
        var pool = new ModelPool(entries, backend, kv, memory, new PoolSettings(options.Precision, options.Serving.MaxRowsPerStep, budget, time));

        var meter = Opened(new EngineMeter(builder.Meters, builder.Name), opened);
        var metrics = new ServingMetrics(meter, entries.Select(entry => entry.Info.Name), time);
        var routes = new Routes();
        var telemetry = new ServingTelemetry(adaptation, time);
        var energy = new EnergyGauge(strategies.EnergyMeter?.Invoke() ?? EnergyMeters.For(backend.Device), () => telemetry.BusySeconds, time);
        WarnOfUnusedOrders(logger, options.Serving.Order, strategies);
        var scheduler = MakeScheduler(options.Serving, strategies, time, logger);
        loop = new ServingLoop(new ServingParts(options.Serving, scheduler, blocks, work, new ServingObservers(new ServingObserver(telemetry), metrics), time), routes);
        memory.Serve(loop, () => routes.Current is not { } table ? 0 : Math.Max(pool.KvFloor(table.Serving.Point.Target), table.Evaluation is { } candidate ? pool.KvFloor(candidate.Route.Point.Target) : 0));
        work.OwedWhen(() => telemetry.Sampling.IsPaying);

        IExitPolicy PolicyOf(string name) => ExitPolicyParser.Parse(name, strategies.ExitPolicies);
        var policy = PolicyOf(options.Serving.ExitPolicy);
        foreach (var entry in entries) LookChoice.Of(entry.Info, entry.Info.Architecture.Layers, policy);
        var exitPolicy = policy.Name;
        var journal = new AdaptationJournal(time, logger);
        var certificates = Certificates.Load(adaptation.Certificates, options.Precision, [.. entries.Select(entry => entry.Info)]);
        var goals = new Goals(ObjectiveParser.Parse(adaptation.Objective, strategies.Objectives), budget.Limit, ServiceLimits.Of(adaptation));
        if (adaptation.Enabled) CheckMeter(goals.Objective, goals.Limits, energy);
        var faults = new ObjectiveFaults(journal, time);
        var ceilings = new BreachCeilings(adaptation);
        ISloObjective Constrained(UsualLengths lengths) => ObjectiveParser.Constrain(new ContainedObjective(goals.Objective, faults), adaptation, goals.Limits, ceilings.For(lengths));
        var store = OpenStore(options, backend.Device, energy, journal);
        if (store?.Usual is { } usual) telemetry.Lengths.Restore(usual.PromptTokens, usual.TotalTokens);
        Profiles ProfilesOf(IReadOnlyList<Candidate> shortlist) => new(shortlist, telemetry, new ProfileSettings(options.Serving, () => goals.BudgetBytes, kv.SlabBytes, kv.BlockBytes) { ConfidenceTarget = () => goals.Limits.ConfidenceTarget, ExitPolicy = exitPolicy, Watts = () => energy.Watts, CertificateOf = certificates.Find });
        var candidates = new CandidatePool(entries.Select(entry => entry.Candidacy), adaptation, OpenRepository(options, backend.Device, ProfilesOf));
        foreach (var candidate in candidates.All) store?.Restore(candidate);
        IReadOnlyList<Candidate> Shortlist() => candidates.Choose(Constrained(telemetry.Lengths), goals.BudgetBytes);
        var profiles = ProfilesOf(Shortlist());
        var loads = new LoadLimit(adaptation.EvaluationTimeLimit, time);
        var scorer = new LayerwiseScorer(new ScoringParts(backend, kv, blocks, pool, memory, work, options.Precision, options.Serving.MaxRowsPerStep)
        {
            Loads = loads,
            LoadShare = Math.Min(adaptation.MaxLoadShare, 1.0 / Environment.ProcessorCount),
            Time = time,
        });
        var scoring = new TextScoring(pool, scorer, journal);
        var switcher = new PointSwitcher(pool, routes, telemetry, journal, new SwitchSettings(adaptation, PolicyOf, loads, loop.Wake, time) { ConfidenceTarget = () => goals.Limits.ConfidenceTarget });
        var probe = new StepProbe(blocks, work, time);
        var evaluation = new LiveEvaluation(switcher, telemetry, scoring, probe, profiles, journal, new EvaluationSettings(adaptation.RequestsPerCandidate, adaptation.EvaluationTimeLimit, options.Serving, work, time) { BudgetBytes = () => goals.BudgetBytes });
        var adapting = new AdaptationLoop(new AdaptationParts(
            adaptation, options.Serving, profiles, telemetry, switcher, evaluation, scoring, journal, Shortlist,
            Constrained,
            (constrained, lengths) => new GuardPolicy(constrained, ceilings.For(lengths), ceilings.TokensPerInterval(lengths)))
        {
            Engine = builder.Name,
            ExitPolicy = exitPolicy,
            Store = store,
            Limits = () => goals.Limits,
            Faults = faults,
            DeviceEnd = () => loop.Failure ?? (loop.HasEnded ? new OperationCanceledException("The engine stops.") : (Exception?)null),
            Time = time,
        });
        if (adapting.FindBudgetTrouble() is { } tooSmall) throw new NothingFitsException($"{tooSmall}: no model of the pool can be served.");
        var adaptationMetrics = new AdaptationMetrics(meter, profiles, work);
        journal.OnDecision = adaptationMetrics.Note;
        _ = journal.Subscribe(adaptationMetrics.Note);
        StateMetrics.Add(meter, loop, blocks, pool, backend, energy);
        var overrides = new PointOverrides(pool, routes, profiles, adapting.Ready, PolicyOf);

        return new EngineParts
        {
            Name = builder.Name,
            Serving = options.Serving,
            Time = time,
            Backend = backend,
            Kv = kv,
            Budget = budget,
            Blocks = blocks,
            Work = work,
            Pool = pool,
            Routes = routes,
            Loop = loop,
            Telemetry = telemetry,
            Energy = energy,
            Switcher = switcher,
            Profiles = profiles,
            Journal = journal,
            Adaptation = adapting,
            Meter = meter,
            Metrics = metrics,
            CapturesContent = options.Telemetry.CaptureContent,
            Goals = new GoalChanges(adapting, goals, pool, memory, budget, time),
            ParseObjective = text =>
            {
                var objective = ObjectiveParser.Parse(text, strategies.Objectives);
                CheckMeter(objective, goals.Limits, energy);
                return objective;
            },
            CheckLimits = limits =>
            {
                if (string.Join(Environment.NewLine, OptionsCheck.Find(limits)) is { Length: > 0 } wrong) throw OptionsCheck.Wrong(wrong);
                CheckMeter(goals.Objective, limits, energy);
            },
            Door = new RequestDoor(pool, routes, overrides, loop, options.Serving.MaxQueueTime, time),
            Scorer = scorer,
            Scores = new SequenceScorer(pool, scorer),
            Profiling = new OfflineProfiling(new ProfilingParts(pool, scorer, probe, telemetry, journal)
            {
                MaxBatch = options.Serving.MaxBatchSize,
                Watts = energy.MeasureWatts,
                Key = model => ModelKey.Of(model, backend.Device.Description, options.Precision),
                ProfilesOf = ProfilesOf,
            }),
            Certifier = new Certifier(pool, scorer, new PointReplay(pool, blocks, work, options.Serving.MaxRowsPerStep), new CertifierSettings(options.Precision, PolicyOf, time)),
            Logger = logger,
        };
    }

    private static T Opened<T>(T part, Stack<IDisposable> opened)
        where T : IDisposable
    {
        opened.Push(part);
        return part;
    }

    private static OptionSource ModelAt(int index) => new(OptionTables.Models, index);

    private static PoolEntry MakeEntry(PacedCheckpoint checkpoint, IBackend backend, HeliosOptions options, ModelSource source, EngineStrategies strategies, TimeProvider time)
    {
        var info = checkpoint.Info;
        var tokenizer = strategies.Tokenizers.Select(create => create().TryCreate(info)).FirstOrDefault(made => made is not null) ?? TokenizerFiles.LoadFor(info, source.ChatTemplate);
        return new PoolEntry(
            checkpoint,
            tokenizer,
            Measure(backend, checkpoint, options.Precision),
            backend.MeasureWorkspace(info.Architecture, options.Serving.MaxRowsPerStep),
            new ConfidenceSource(Calibration.FromSidecar(info)))
        {
            Chat = ChatFormat.For(info.Name, info.Path, tokenizer, source.ChatTemplate, time),
        };
    }

    private static LoadSize Measure(IBackend backend, ICheckpoint checkpoint, Precision precision)
    {
        try
        {
            return backend.Loader.Measure(checkpoint, precision);
        }
        catch (NotSupportedException error)
        {
            throw OptionsCheck.Wrong($"{nameof(HeliosOptions.Precision)} is {precision}: {error.Message}");
        }
    }

    /// <summary>The repository is the host's own file: what is wrong with it ends the start.</summary>
    private static RepositoryRanking? OpenRepository(HeliosOptions options, DeviceInfo device, Func<IReadOnlyList<Candidate>, Profiles> profilesOf) =>
        options.Adaptation is { Enabled: true, ModelRepository: { } path }
            ? new RepositoryRanking(new OptionSource("Adaptation:ModelRepository").Read(() => RepositoryFile.Read(path)), options.Adaptation, model => ModelKey.Of(model, device.Description, options.Precision), profilesOf)
            : null;

    private static ProfileStore? OpenStore(HeliosOptions options, DeviceInfo device, EnergyGauge energy, AdaptationJournal journal)
    {
        if (options.Adaptation is not { Enabled: true, ProfileStore: { } path } adaptation) return null;
        return new ProfileStore(new StoreSettings(path, device.Description, options.Precision, adaptation.ProfileMaxAge) { Watts = energy.MeasureWatts }, journal);
    }

    private static IKvStore MakeKvStore(ServingOptions options, IBackend backend, MemoryBudget budget, List<Checkpoint> checkpoints)
    {
        using var measure = backend.CreateKvStore(slabBytes: 1, options.KvBlockTokens);
        var block = checkpoints.Max(checkpoint =>
        {
            var a = checkpoint.Info.Architecture;
            return measure.BlockBytes(new KvShape(a.Layers, a.KvHeads, a.HeadDim));
        });
        return backend.CreateKvStore(SlabSize.For(options.KvSlabBytes, budget.Limit, block, backend.Device.KvSlabs), options.KvBlockTokens);
    }

    /// <summary>Half of what the device offers this process.</summary>
    internal static long DefaultBudget(long offered) => Math.Max(1, offered / 2);

    /// <summary>Without a meter, what needs one would never find a feasible point.</summary>
    private static void CheckMeter(ISloObjective objective, ServiceLimits limits, EnergyGauge energy)
    {
        var wants = objective.NeedsEnergy ? $"Adaptation.Objective '{objective.Name}'" : limits.MaxJoulesPerToken is not null ? "Adaptation.MaxJoulesPerToken" : null;
        if (wants is not null && energy.UnavailableBecause is { } because)
            throw OptionsCheck.Wrong($"{wants} needs a meter of energy, and {energy.Source} is not available: {because}. An estimate may stand in for it: EstimateEnergy(watts).");
    }

    /// <summary>What others bring along may throw, and is then replaced by what is shipped.</summary>
    private static IScheduler MakeScheduler(ServingOptions options, EngineStrategies strategies, TimeProvider time, ILogger logger)
    {
        IScheduler scheduler = strategies.Scheduler?.Invoke() ?? RequestOrders.CreateScheduler(options, time, strategies.RequestOrders);
        if (strategies.Scheduler is null && strategies.RequestOrders.Count == 0) return scheduler;
        return new ContainedScheduler(
            scheduler,
            () => new ContinuousBatchingScheduler(new WaitingRoom(() => new FairOrder(time), time.TimestampAfter(0, options.PriorityAging))),
            error => LogReplaced(logger, strategies.Scheduler is null ? $"the order '{options.Order}'" : $"the scheduler {scheduler.GetType().Name}", error));
    }

    /// <summary>Orders that somebody added to no effect.</summary>
    private static void WarnOfUnusedOrders(ILogger logger, string chosen, EngineStrategies strategies)
    {
        var added = strategies.RequestOrders.Select(create => create().Name).Distinct(StringComparer.Ordinal).ToList();
        if (added.Count == 0) return;
        if (strategies.Scheduler is not null) LogUnusedOrders(logger, string.Join(", ", added), "the scheduler that was added has an order of its own");
        else if (!added.Exists(order => Names.Same(order, chosen))) LogUnusedOrders(logger, string.Join(", ", added), $"Serving.Order is '{chosen}'");
    }

    private static void CheckDepths(HeliosOptions options, CheckpointInfo model)
    {
        var layers = model.Architecture.Layers;
        if (options.Adaptation is { Enabled: false, FixedDepth: { } depth } && depth > layers)
            throw OptionsCheck.Wrong(Invariant($"Adaptation.FixedDepth is {depth}; '{model.Name}' has {layers} layers."));
        if (options.Serving.DraftDepth is not { } draft) return;

        var exits = model.Exits.Select(exit => exit.Depth).Where(exit => exit < layers).ToList();
        if (!exits.Contains(draft))
            throw OptionsCheck.Wrong(Invariant($"Serving.DraftDepth is {draft}; '{model.Name}' can draft at {(exits.Count == 0 ? "none: it has no exit below its full depth" : $"its exits {string.Join(", ", exits)}")}."));
        if (options.Adaptation.FixedDepth is { } loaded && loaded < layers)
            throw OptionsCheck.Wrong(Invariant($"Serving.DraftDepth needs the full depth of '{model.Name}', {layers} layers; Adaptation.FixedDepth is {loaded}."));
    }

    [LoggerMessage(15, LogLevel.Warning, "Device '{Device}': {Warning}")]
    private static partial void LogDeviceWarning(ILogger logger, string device, string warning);

    [LoggerMessage(27, LogLevel.Error, "What goes next is decided by the shipped scheduler and the order 'fair' until the engine ends: {Strategy} threw")]
    private static partial void LogReplaced(ILogger logger, string strategy, Exception error);

    [LoggerMessage(12, LogLevel.Warning, "Orders were added, and none is used ({Orders}): {Because}")]
    private static partial void LogUnusedOrders(ILogger logger, string orders, string because);
}
