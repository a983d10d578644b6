using Helios.Sdk.Adaptation.Candidates;
using Helios.Sdk.Adaptation.Estimation;
using Helios.Sdk.Adaptation.Loading;
using Helios.Sdk.Adaptation.Telemetry;
using Helios.Sdk.Backends;
using Helios.Sdk.Scheduling;
using Helios.Sdk.Serving;
using Helios.Sdk.Serving.KvCache;
using Helios.Sdk.Serving.Requests;
using Helios.Sdk.Serving.Routing;
using Helios.Sdk.Serving.Scheduling;
using Helios.Sdk.Serving.Streaming;

namespace Helios.Sdk.Simulation;

/// <summary>
/// The serving side of an engine over a simulated backend: the same loop, scheduler, KV, pool and telemetry, on one thread that
/// belongs to the caller of <see cref="Serve"/>.
/// </summary>
internal sealed class SimulatedEngine : IDisposable
{
    private readonly SimulatedWorld world;
    private readonly SimulatedContext context;
    private readonly SimulatedBackend backend;
    private readonly IKvStore kv;
    private readonly Wake wake = new();

    public SimulatedEngine(SimulatedWorld world, SimulationSettings settings)
    {
        this.world = world;
        var (clock, serving) = (world.Clock, settings.Serving);
        context = new SimulatedContext(clock);
        backend = new SimulatedBackend(world.Machine, world.Texts);
        Budget = new MemoryBudget(world.Script.MemoryBudgetBytes);
        var largestBlock = world.Models.Max(model => (long)model.Script.KvBytesPerToken * model.Script.Layers) * serving.KvBlockTokens;
        kv = backend.CreateKvStore(SlabSize.For(serving.KvSlabBytes, Budget.Limit, largestBlock), serving.KvBlockTokens);
        Blocks = new BlockPool(kv, Budget);
        Work = new DeviceWork(settings.Adaptation.MaxScoringShare, clock, context, wake);
        var sequences = new SequenceTable();
        var memory = new KvReclaimer(Budget, Blocks, sequences, Routes, Work) { MaxRowsPerStep = serving.MaxRowsPerStep };
        Pool = new ModelPool(world.Models.Select(Entry), backend, kv, memory, new PoolSettings(Precision.Auto, serving.MaxRowsPerStep, Budget, clock));
        Telemetry = new ServingTelemetry(settings.Adaptation, clock, context);
        Tally = new SimulationTally(world, Routes, sequences) { MaxQualityGap = settings.Adaptation.MaxQualityGap };
        var observers = new ServingObservers(Tally, new ServingObserver(Telemetry));
        Loop = new ServingLoop(new ServingParts(serving, RequestOrders.CreateScheduler(serving, clock), Blocks, Work, observers, clock) { Sequences = sequences }, Routes);
    }

    public MemoryBudget Budget { get; }

    public BlockPool Blocks { get; }

    public Routes Routes { get; } = new();

    public DeviceWork Work { get; }

    public ModelPool Pool { get; }

    public ServingTelemetry Telemetry { get; }

    public ServingLoop Loop { get; }

    public SimulationTally Tally { get; }

    /// <summary>Serves until every request of the script has ended.</summary>
    /// <param name="adapt">Decides the active point; cancelled when the last request has ended.</param>
    /// <param name="cancellationToken">Cancels it, with an exception.</param>
    public void Serve(Func<CancellationToken, Task> adapt, CancellationToken cancellationToken)
    {
        using var stopping = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        var adapting = adapt(stopping.Token);
        try
        {
            while (Turn(adapting)) cancellationToken.ThrowIfCancellationRequested();
            if (adapting.IsFaulted) adapting.GetAwaiter().GetResult();
        }
        finally
        {
            context.End();
            world.Clock.RunDue();
            Work.Close();
            stopping.Cancel();
            Task.WaitAny([adapting], CancellationToken.None);
        }
    }

    /// <summary>Gives back all memory; nothing may be served any more.</summary>
    public void Dispose()
    {
        Routes.Current?.Serving.Lease.Dispose();
        Pool.CloseAsync().GetAwaiter().GetResult();
        Blocks.Dispose();
        kv.Dispose();
        backend.Dispose();
    }

    /// <summary>What an engine's device thread does in a turn, and the passing of time when there is nothing to do. False when all requests have ended.</summary>
    private bool Turn(Task adapting)
    {
        world.Clock.RunDue();
        Arrive();
        wake.IsSet = false;
        if (Loop.Step())
        {
            Tally.EndStep();
            return true;
        }

        if (Work.TryRunBackground(idle: true) || wake.IsSet) return true;
        if (world.Traffic.IsOver && Loop.Sequences.Count == 0) return false;
        if (adapting.IsFaulted) adapting.GetAwaiter().GetResult();
        var idle = Math.Min(world.Traffic.NextAt(world.Clock.Seconds, Loop.Sequences.Count) - world.Clock.Seconds, world.Clock.SecondsToNext);
        if (!double.IsFinite(idle)) throw new InvalidOperationException("Requests wait, but no model is active or being loaded.");
        world.Clock.Spend(idle);
        return true;
    }

    private void Arrive()
    {
        var inFlight = Loop.Sequences.Count;
        for (; world.Traffic.NextAt(world.Clock.Seconds, inFlight) <= world.Clock.Seconds; inFlight++) Loop.Submit(Sequence(world.Traffic.Next()));
    }

    private Sequence Sequence(in ScriptedRequest request)
    {
        var ids = new int[request.PromptTokens];
        Array.Fill(ids, world.Texts.NumberOf(request));
        var asked = GenerationRequest.FromTokens(ids) with { MaxTokens = request.AnswerTokens, Tenant = request.Tenant };
        var output = new TokenStream(SimulatedTokenizer.Shared, StopStrings.Of(asked.Stop));
        return new Sequence(new RequestId(request.Id), asked, seed: 0, new EncodedPrompt(ids, SimulatedTokenizer.Shared.Fingerprint), output, world.Clock.GetTimestamp());
    }

    private PoolEntry Entry(SimulatedCheckpoint model) => new(
        model,
        SimulatedTokenizer.Shared,
        new ModelFacts(model.Info, backend.Measure(model, Precision.Auto), model.Script.WorkspaceBytes, new ConfidenceSource(Calibration.FromSidecar(model.Info))));

    /// <summary>Says whether something was asked of the device thread while it looked for something to do.</summary>
    private sealed class Wake : WakeSignal
    {
        public bool IsSet { get; set; }

        public override void Set() => IsSet = true;
    }
}
