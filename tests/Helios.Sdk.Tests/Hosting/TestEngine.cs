using Helios.Sdk.Backends;
using Helios.Sdk.Cpu;
using Helios.Sdk.ExitPolicies;
using Helios.Sdk.Models;
using Helios.Sdk.Serving.Routing;
using Microsoft.Extensions.Logging;

namespace Helios.Sdk.Tests.Hosting;

/// <summary>An engine on the CPU with its backend at hand. Disposing it checks that every byte was given back.</summary>
internal sealed class TestEngine : IAsyncDisposable
{
    /// <summary>Longest that any wait of a test may take: never reached unless something hangs.</summary>
    public static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    private TestEngine(HeliosEngine engine, CpuBackend backend, CollectingLogger log)
    {
        Log = log;
        Engine = engine;
        Backend = backend;
    }

    public HeliosEngine Engine { get; }

    public CollectingLogger Log { get; }

    /// <summary>Whether it is part of the test that a loop ends with an error.</summary>
    public bool MayFail { get; set; }

    public CpuBackend Backend { get; }

    public EngineSnapshot Snapshot => Engine.Snapshot;

    /// <summary>A static engine: the first model serves at a depth, and nothing changes but by the test's hand.</summary>
    public static async Task<TestEngine> ServeAsync(string model, int? depth = null, string policy = "none", Action<IHeliosBuilder>? more = null, CpuOptions? cpu = null)
    {
        var engine = Build(
            builder =>
            {
                builder.AddModel(Path.IsPathRooted(model) ? model : TestData.Model(model)).ServeFixed(depth, policy);
                more?.Invoke(builder);
            },
            cpu: cpu);
        await engine.Engine.Ready.WaitAsync(Patience);
        return engine;
    }

    public static TestEngine Build(Action<IHeliosBuilder> configure, Func<IBackend, IBackend>? wrap = null, CpuOptions? cpu = null, TimeProvider? time = null)
    {
        CpuBackend? backend = null;
        var log = new CollectingLogger();
        var builder = HeliosEngine.CreateBuilder().UseLogging(log);
        builder.UseBackend(() =>
        {
            backend = new CpuBackend(cpu ?? new CpuOptions { Threads = 1 });
            return wrap?.Invoke(backend) ?? backend;
        });
        builder.UseMemoryBudget(64 << 20);
        if (time is not null) builder.UseTime(time);
        configure(builder);
        return new TestEngine(builder.Build(), backend!, log);
    }

    /// <summary>Publishes another point, as the adaptation loop does when it is on.</summary>
    public async Task PublishAsync(string model, int depth, string policy = "none")
    {
        var result = await Engine.Pool.AcquireAsync(new LoadTarget(model, depth));
        var lease = (ModelLease)result.Should().BeOfType<AcquireResult.Acquired>().Subject.Lease;
        Engine.Parts.Adaptation.Switcher.Publish(new Route(new OperatingPoint(lease.Target, policy), lease, ExitPolicyParser.Parse(policy)));
    }

    public Task<GenerationResult> AskAsync(GenerationRequest request, CancellationToken cancellationToken = default) =>
        Engine.GenerateAsync(request, cancellationToken).WaitAsync(Patience, CancellationToken.None);

    /// <summary>Answers in the order of the requests, which are made all at once, or one when the other is answered.</summary>
    public async Task<GenerationResult[]> AskAllAsync(IEnumerable<GenerationRequest> requests, bool together = true)
    {
        if (together) return await Task.WhenAll(requests.Select(request => AskAsync(request)));
        var answers = new List<GenerationResult>();
        foreach (var request in requests) answers.Add(await AskAsync(request));
        return [.. answers];
    }

    /// <summary>Waits until the device thread has dealt with everything asked of it so far.</summary>
    public Task SettleAsync() => Engine.Parts.Device.Work.RunUrgentAsync(() => true).WaitAsync(Patience);

    /// <summary>Nothing runs and no block is held; weights are all that is left.</summary>
    public void MustBeIdle()
    {
        Snapshot.RunningSequences.Should().Be(0);
        Snapshot.KvUsedBytes.Should().Be(0);
        Backend.AllocatedBytes.Should().Be(Engine.Parts.Device.Budget.Used);
    }

    public async ValueTask DisposeAsync()
    {
        await Engine.DisposeAsync().AsTask().WaitAsync(Patience);
        Backend.AllocatedBytes.Should().Be(0, "every byte is given back");
        Engine.Parts.Device.Budget.Used.Should().Be(0);
        if (!MayFail) Log.Of(LogLevel.Error).Should().BeEmpty();
    }
}
