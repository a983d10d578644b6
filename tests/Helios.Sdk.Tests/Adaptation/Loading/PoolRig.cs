using Helios.Sdk.Adaptation.Candidates;
using Helios.Sdk.Adaptation.Estimation;
using Helios.Sdk.Adaptation.Loading;
using Helios.Sdk.Backends;
using Helios.Sdk.Checkpoints;
using Helios.Sdk.Cpu;
using Helios.Sdk.Models;
using Helios.Sdk.Serving;
using Helios.Sdk.Serving.KvCache;
using Helios.Sdk.Serving.Routing;
using Helios.Sdk.Serving.Scheduling;
using Helios.Sdk.Tests.Serving.Fakes;
using Helios.Sdk.Tokenization;

namespace Helios.Sdk.Tests.Adaptation.Loading;

/// <summary>A pool over the CPU backend whose device thread is the thread that posts work to it.</summary>
internal sealed class PoolRig : IDisposable
{
    private PoolRig(CpuBackend backend, ModelPool pool, IKvStore kv, BlockPool blocks, MemoryBudget budget)
    {
        Backend = backend;
        Pool = pool;
        Kv = kv;
        Blocks = blocks;
        Budget = budget;
    }

    public CpuBackend Backend { get; }

    public ModelPool Pool { get; }

    public IKvStore Kv { get; }

    public BlockPool Blocks { get; }

    public MemoryBudget Budget { get; }

    public required KvReclaimer Memory { get; init; }

    public required DeviceWork Work { get; init; }

    public required ServingLoop Loop { get; init; }

    public ManualClock Clock { get; private init; } = new();

    /// <param name="models">Names of models, or paths of folders.</param>
    /// <param name="budget">The memory budget.</param>
    /// <param name="wrap">Puts something between pool and backend.</param>
    /// <param name="maxRows">Most rows of a step.</param>
    public static PoolRig Create(string[] models, long budget = 64 << 20, Func<IBackend, IBackend>? wrap = null, int maxRows = 32)
    {
        var backend = new CpuBackend(new CpuOptions { Threads = 1 });
        var used = wrap?.Invoke(backend) ?? backend;
        var total = new MemoryBudget(budget);
        var kv = backend.CreateKvStore(256 << 10, 16);
        var blocks = new BlockPool(kv, total);
        var clock = new ManualClock();
        var work = InlineDevice.Create(clock);
        var routes = new Routes();
        var loop = new ServingLoop(new ServingParts(new ServingOptions(), RequestOrders.CreateScheduler(new ServingOptions(), clock), blocks, work, new Observed(), clock), routes);
        var memory = new KvReclaimer(total, blocks, loop.Sequences, routes, work) { MaxRowsPerStep = 64 };
        var entries = models.Select(model =>
        {
            var checkpoint = Checkpoint.Open(Directory.Exists(model) ? model : TestData.Model(model));
            return new PoolEntry(
                checkpoint,
                TokenizerFiles.Load(checkpoint.Info.Path),
                new ModelFacts(
                    checkpoint.Info,
                    backend.Loader.Measure(checkpoint, Precision.Auto),
                    backend.MeasureWorkspace(checkpoint.Info.Architecture, maxRows),
                    new ConfidenceSource(Calibration.FromSidecar(checkpoint.Info))));
        });
        var pool = new ModelPool(entries, used, kv, memory, new PoolSettings(Precision.Auto, maxRows, total, clock) { UsualContext = 64 });
        return new PoolRig(backend, pool, kv, blocks, total) { Clock = clock, Memory = memory, Work = work, Loop = loop };
    }

    public async Task<AcquireResult> TryAcquireAsync(string model, int depth, IProgress<LoadProgress>? progress = null, CancellationToken cancellationToken = default) =>
        await Pool.AcquireAsync(new LoadTarget(model, depth), progress, cancellationToken).AsTask().WaitAsync(TimeSpan.FromSeconds(60), CancellationToken.None);

    public async Task<ModelLease> AcquireAsync(string model, int depth, IProgress<LoadProgress>? progress = null)
    {
        var result = await TryAcquireAsync(model, depth, progress);
        return (ModelLease)result.Should().BeOfType<AcquireResult.Acquired>().Subject.Lease;
    }

    public PooledModel Model(string name) => Pool.Snapshot.Models.Single(model => model.Info.Name == name);

    /// <summary>Exactly so many bytes are accounted for, and exactly these are allocated.</summary>
    public void MustHold(long bytes)
    {
        Budget.Used.Should().Be(bytes);
        Backend.AllocatedBytes.Should().Be(bytes);
        Pool.Snapshot.UsedBytes.Should().Be(bytes);
    }

    public void Dispose()
    {
        Pool.CloseAsync().GetAwaiter().GetResult();
        Blocks.Dispose();
        Kv.Dispose();
        Backend.Dispose();
        MustHold(0);
    }
}
