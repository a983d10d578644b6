using Helios.Sdk.Adaptation;
using Helios.Sdk.Adaptation.Evaluation;
using Helios.Sdk.Adaptation.Loading;
using Helios.Sdk.Adaptation.Objectives;
using Helios.Sdk.Adaptation.Selection;
using Helios.Sdk.Adaptation.Telemetry;
using Helios.Sdk.Checkpoints;
using Helios.Sdk.ExitPolicies;
using Helios.Sdk.Serving;
using Helios.Sdk.Serving.Decoding;
using Helios.Sdk.Serving.KvCache;
using Helios.Sdk.Serving.Routing;
using Helios.Sdk.Serving.Scheduling;
using Helios.Sdk.Tokenization;
using Microsoft.Extensions.Logging;

namespace Helios.Sdk;

/// <summary>The composition root: the one place that knows every part of an engine.</summary>
internal static class EngineComposition
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
        var checkpoints = options.Models.Select(source => Opened(Checkpoint.Open(source.Path, source.Name), opened)).ToList();
        var backend = Opened(builder.Backend!(), opened);
        var time = builder.Time;
        var logger = builder.Logging.CreateLogger<HeliosEngine>();
        var adaptation = options.Adaptation;
        CheckDepths(options, checkpoints[0].Info);

        var budget = new MemoryBudget(options.MemoryBudgetBytes ?? Math.Max(1, backend.Device.TotalMemory / 2));
        var kv = Opened(MakeKvStore(options.Serving, backend, budget, checkpoints), opened);
        var blocks = new BlockPool(kv, budget);
        var work = new DeviceWork(adaptation.MaxScoringShare, time);
        var memory = new KvReclaimer(budget, blocks, work);
        var entries = checkpoints.Select(checkpoint => MakeEntry(checkpoint, backend, options)).ToList();
        var pool = new ModelPool(entries, backend, kv, memory, new PoolSettings(options.Precision, options.Serving.MaxRowsPerStep, budget, time));

        var routes = new Routes();
        var telemetry = new ServingTelemetry(adaptation, time);
        var scheduler = builder.Scheduler?.Invoke() ?? RequestOrders.CreateScheduler(options.Serving, time, builder.RequestOrders);
        var loop = new ServingLoop(new ServingParts(options.Serving, scheduler, blocks, work, new ServingObserver(telemetry), time), routes);
        memory.Serve(loop);

        IExitPolicy PolicyOf(string name) => ExitPolicyParser.Parse(name, builder.ExitPolicies);
        var journal = new AdaptationJournal(time, logger);
        var candidates = MakeCandidates(entries, adaptation, budget, new Pace());
        var profiles = new Profiles(candidates, telemetry, new ProfileSettings(options.Serving, budget.Limit, kv.SlabBytes, backend.Device.Description, kv.BlockBytes));
        var scorer = new LayerwiseScorer(new ScoringParts(backend, kv, blocks, pool, memory, work, options.Precision, options.Serving.MaxRowsPerStep));
        var scoring = new TextScoring(pool, scorer, journal);
        var switcher = new PointSwitcher(pool, routes, telemetry, journal, new SwitchSettings(adaptation, PolicyOf, loop.Wake, time));
        var evaluation = new LiveEvaluation(switcher, telemetry, scoring, new StepProbe(blocks, work, time), profiles, journal, new EvaluationSettings(adaptation.RequestsPerCandidate, options.Serving, work, time));
        var objective = ObjectiveParser.Parse(adaptation.Objective, builder.Objectives);
        var adapting = new AdaptationLoop(new AdaptationParts(
            adaptation, options.Serving, profiles, telemetry, switcher, evaluation, scoring, journal, time,
            lengths => ObjectiveParser.Constrain(objective, adaptation, BreachAlarm.Ceiling(adaptation, TokensPerInterval(adaptation, lengths))),
            (constrained, lengths) => new GuardPolicy(constrained, BreachAlarm.Ceiling(adaptation, TokensPerInterval(adaptation, lengths)), TokensPerInterval(adaptation, lengths))));
        var overrides = new PointOverrides(pool, routes, profiles, adapting.Ready, PolicyOf);

        return new EngineParts
        {
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
            Switcher = switcher,
            Profiles = profiles,
            Journal = journal,
            Adaptation = adapting,
            Door = new RequestDoor(pool, routes, overrides, time),
            Scorer = scorer,
            Scores = new SequenceScorer(pool, scorer),
            Logger = logger,
        };
    }

    private static T Opened<T>(T part, Stack<IDisposable> opened)
        where T : IDisposable
    {
        opened.Push(part);
        return part;
    }

    private static PoolEntry MakeEntry(Checkpoint checkpoint, IBackend backend, HeliosOptions options)
    {
        var info = checkpoint.Info;
        var tokenizer = TokenizerFiles.LoadFor(info);
        return new PoolEntry(
            checkpoint,
            tokenizer,
            backend.Loader.Measure(checkpoint, options.Precision),
            backend.MeasureWorkspace(info.Architecture, options.Serving.MaxRowsPerStep),
            new ConfidenceSource(Calibration.FromSidecar(info)));
    }

    private static List<Candidate> MakeCandidates(List<PoolEntry> entries, AdaptationOptions options, MemoryBudget budget, Pace pace)
    {
        if (!options.Enabled) return [new Candidate(entries[0].Candidacy, options, pace)];
        var chosen = Shortlist.Choose([.. entries.Select(entry => new ShortlistEntry(entry.Info, entry.Size))], options.Candidates, budget.Limit);
        return [.. chosen.Select(choice => new Candidate(entries.First(entry => entry.Info == choice.Model).Candidacy, options, pace))];
    }

    private static IKvStore MakeKvStore(ServingOptions options, IBackend backend, MemoryBudget budget, List<Checkpoint> checkpoints)
    {
        using var measure = backend.CreateKvStore(slabBytes: 1, options.KvBlockTokens);
        var block = checkpoints.Max(checkpoint =>
        {
            var a = checkpoint.Info.Architecture;
            return measure.BlockBytes(new KvShape(a.Layers, a.KvHeads, a.HeadDim));
        });
        return backend.CreateKvStore(SlabSize.For(options.KvSlabBytes, budget.Limit, block), options.KvBlockTokens);
    }

    private static void CheckDepths(HeliosOptions options, CheckpointInfo model)
    {
        var layers = model.Architecture.Layers;
        if (options.Adaptation is { Enabled: false, FixedDepth: { } depth } && depth > layers)
            throw new ArgumentException($"Adaptation.FixedDepth is {depth}; '{model.Name}' has {layers} layers.", nameof(options));
        if (options.Serving.DraftDepth is not { } draft) return;

        var exits = model.Exits.Select(exit => exit.Depth).Where(exit => exit < layers).ToList();
        if (!exits.Contains(draft))
            throw new ArgumentException($"Serving.DraftDepth is {draft}; '{model.Name}' can draft at {(exits.Count == 0 ? "none: it has no exit below its full depth" : $"its exits {string.Join(", ", exits)}")}.", nameof(options));
        if (options.Adaptation.FixedDepth is { } loaded && loaded < layers)
            throw new ArgumentException($"Serving.DraftDepth needs the full depth of '{model.Name}', {layers} layers; Adaptation.FixedDepth is {loaded}.", nameof(options));
    }

    /// <summary>Tokens answered with between two reassessments.</summary>
    internal static int TokensPerInterval(AdaptationOptions options, UsualLengths lengths) =>
        (int)Math.Min(int.MaxValue, (long)options.ReassessEveryRequests * Math.Max(1, lengths.Total - lengths.Prompt));
}
