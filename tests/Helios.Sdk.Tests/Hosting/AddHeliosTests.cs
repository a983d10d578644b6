using System.Collections.Concurrent;
using System.Diagnostics;
using Helios.Sdk.Backends;
using Helios.Sdk.Cpu;
using Helios.Sdk.Energy;
using Helios.Sdk.ExitPolicies;
using Helios.Sdk.Models;
using Helios.Sdk.Scheduling;
using Helios.Sdk.Tests.Serving.Scheduling;
using Helios.Sdk.Tokenization;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace Helios.Sdk.Tests.Hosting;

public class AddHeliosTests
{
    [Fact]
    public async Task It_adds_one_engine_under_every_name()
    {
        var provider = Services().BuildServiceProvider();
        await using (provider)
        {
            var engine = provider.GetRequiredService<HeliosEngine>();
            provider.GetRequiredService<IHeliosClient>().Should().BeSameAs(engine);
            provider.GetRequiredService<IModelPool>().Should().BeSameAs(engine.Pool);
            var answer = await provider.GetRequiredService<IHeliosClient>().GenerateAsync(GenerationRequest.FromText("Tom") with { MaxTokens = 3 });
            answer.TokenIds.Should().HaveCount(3);
        }

        var late = async () => await provider.GetRequiredService<IHeliosClient>().GenerateAsync(GenerationRequest.FromText("Tom"));
        await late.Should().ThrowAsync<ObjectDisposedException>();
    }

    [Fact]
    public async Task A_host_starts_it_and_stops_it()
    {
        var provider = Services().BuildServiceProvider();
        await using (provider)
        {
            var service = provider.GetServices<IHostedService>().Should().ContainSingle().Subject;
            await service.StartAsync(default);
            var client = provider.GetRequiredService<IHeliosClient>();
            (await client.GenerateAsync(GenerationRequest.FromText("Tom") with { MaxTokens = 3 })).TokenIds.Should().HaveCount(3);
            await service.StopAsync(default);
            var late = async () => await client.GenerateAsync(GenerationRequest.FromText("Tom"));
            await late.Should().ThrowAsync<ObjectDisposedException>();
        }
    }

    [Fact]
    public async Task Registered_objectives_are_found_by_name_and_a_registered_meter_is_used()
    {
        var provider = Services(helios => helios.Optimize("fewest-layers"))
            .AddSingleton<ISloObjective, FewestLayers>()
            .AddSingleton<IEnergyMeter>(new EstimatedEnergyMeter(40))
            .BuildServiceProvider();
        await using (provider)
        {
            var control = provider.GetRequiredService<IHeliosControl>();
            control.Should().BeSameAs(provider.GetRequiredService<HeliosEngine>());
            var snapshot = control.Snapshot;
            snapshot.EnergySource.Should().Contain("40 W");
            snapshot.EnergyIsEstimate.Should().BeTrue();
            snapshot.Energy.Joules.Should().BeGreaterThanOrEqualTo(0);
        }
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void What_needs_a_meter_is_refused_at_start_with_the_meters_reason(bool asObjective)
    {
        var services = new ServiceCollection().AddSingleton<IEnergyMeter, DeadMeter>().AddHelios(helios =>
        {
            helios.UseCpu(cpu => cpu.Threads = 1).AddModel(TestData.Model("tiny-s")).UseMemoryBudget(32 << 20);
            if (asObjective) helios.Optimize("energy");
            else helios.LimitEnergy(joulesPerToken: 1);
        });
        using var provider = services.BuildServiceProvider();

        var resolve = () => provider.GetRequiredService<HeliosEngine>();
        resolve.Should().Throw<OptionsValidationException>().WithMessage(
            (asObjective ? "Adaptation.Objective is 'energy'" : "Adaptation.MaxJoulesPerToken is *") + "; expected an energy meter, and dead meter is not available: the battery is empty. EstimateEnergy*");
    }

    [Fact]
    public void Bad_options_are_reported_when_it_is_resolved()
    {
        using var provider = new ServiceCollection().AddHelios(helios => helios.UseCpu()).BuildServiceProvider();
        var resolve = () => provider.GetRequiredService<IHeliosClient>();
        resolve.Should().Throw<OptionsValidationException>().WithMessage("*Models is empty*");
    }

    [Fact]
    public void What_is_wrong_with_one_of_several_engines_names_the_engine()
    {
        using var provider = new ServiceCollection()
            .AddKeyedHelios("chat", helios => helios.UseCpu())
            .AddKeyedHelios("code", helios => helios.UseCpu(cpu => cpu.Threads = 1).AddModel(TestData.Model("tiny-s")).UseMemoryBudget(1 << 10))
            .BuildServiceProvider();

        var chat = () => provider.GetRequiredKeyedService<HeliosEngine>("chat");
        chat.Should().Throw<OptionsValidationException>().WithMessage("Engine 'chat': Models is empty*");
        var code = () => provider.GetRequiredKeyedService<HeliosEngine>("code");
        code.Should().Throw<OptionsValidationException>().WithMessage("Engine 'code': MemoryBudgetBytes is 1024*");
    }

    [Fact]
    public void A_second_engine_of_the_same_name_is_refused()
    {
        var again = () => Services().AddHelios(_ => { });
        again.Should().Throw<InvalidOperationException>().WithMessage("An engine without a name was added already*");
        var named = () => new ServiceCollection().AddKeyedHelios("chat", _ => { }).AddKeyedHelios("code", _ => { }).AddKeyedHelios("chat", _ => { });
        named.Should().Throw<InvalidOperationException>().WithMessage("The engine 'chat' was added already*");
    }

    [Fact]
    public async Task Engines_with_names_are_keyed_services_with_options_of_their_own()
    {
        var services = new ServiceCollection();
        services.AddKeyedHelios("small", helios => Small(helios).ServeFixed(depth: 2)).AddKeyedHelios("deep", helios => Small(helios).ServeFixed());
        services.AddKeyedSingleton<IEnergyMeter>("deep", new EstimatedEnergyMeter(40));
        await using var provider = services.BuildServiceProvider();

        var small = provider.GetRequiredKeyedService<IHeliosClient>("small");
        var deep = provider.GetRequiredKeyedService<HeliosEngine>("deep");
        small.Should().NotBeSameAs(deep);
        provider.GetRequiredKeyedService<IModelPool>("deep").Should().BeSameAs(deep.Pool);
        provider.GetRequiredKeyedService<IHeliosControl>("deep").Should().BeSameAs(deep);
        (await small.GenerateAsync(GenerationRequest.FromText("Tom") with { MaxTokens = 3 })).ExitDepths.Should().OnlyContain(depth => depth == 2);
        (await deep.GenerateAsync(GenerationRequest.FromText("Tom") with { MaxTokens = 3 })).ExitDepths.Should().OnlyContain(depth => depth == 6);
        provider.GetService<IHeliosClient>().Should().BeNull("nobody added one without a name");
        provider.GetRequiredService<IOptionsMonitor<HeliosOptions>>().Get("small").Adaptation.FixedDepth.Should().Be(2);
        deep.Snapshot.EnergySource.Should().Contain("40 W");
        provider.GetRequiredKeyedService<HeliosEngine>("small").Snapshot.EnergySource.Should().NotContain("40 W");
    }

    [Fact]
    public async Task What_an_engine_with_a_name_logs_and_traces_names_it()
    {
        var log = new CollectingLogger();
        var activities = new ConcurrentQueue<Activity>();
        using var caller = new Activity("caller").Start();
        using var listener = new ActivityListener
        {
            ShouldListenTo = source => source.Name == HeliosTelemetry.ActivitySourceName,
            Sample = (ref ActivityCreationOptions<ActivityContext> _) => ActivitySamplingResult.AllData,
            ActivityStopped = activities.Enqueue,
        };
        ActivitySource.AddActivityListener(listener);
        await using var provider = new ServiceCollection().AddSingleton<ILoggerFactory>(log)
            .AddKeyedHelios("this", helios => Small(helios).EvaluateCandidates(candidates: 1, requestsPerCandidate: 1))
            .AddKeyedHelios("that", helios => Small(helios).EvaluateCandidates(candidates: 1, requestsPerCandidate: 1))
            .BuildServiceProvider();

        foreach (var name in (string[])["this", "that"])
        {
            var engine = provider.GetRequiredKeyedService<HeliosEngine>(name);
            await engine.GenerateAsync(EventLog.Request(0)).WaitAsync(TestEngine.Patience);
            await engine.SetObjectiveAsync("latency").WaitAsync(TestEngine.Patience);
            activities.Where(activity => activity.ParentId == caller.Id).Should().Contain(activity => Equals(activity.GetTagItem("helios.engine"), name));
            activities.Where(activity => activity.OperationName == "helios.decision").Should().Contain(activity => Equals(activity.GetTagItem("helios.engine"), name));
        }

        log.Categories.Should().Contain(["Helios.Sdk.HeliosEngine.this", "Helios.Sdk.HeliosEngine.that"]).And.NotContain("Helios.Sdk.HeliosEngine");
    }

    [Fact]
    public async Task What_is_registered_is_found_by_name()
    {
        var tokenizers = new CountingTokenizers();
        var services = new ServiceCollection()
            .AddSingleton<IBackendFactory, CpuBackendFactory>()
            .AddSingleton<ITokenizerFactory>(tokenizers)
            .AddSingleton<IExitPolicy, NeverPolicy>()
            .AddTransient<IRequestOrder, LatestFirst>()
            .AddHelios(helios => helios.AddModel(TestData.Model("tiny-s")).UseMemoryBudget(32 << 20).ServeFixed(exitPolicy: "never").Configure(options =>
            {
                options.Backend = "cpu";
                options.BackendSettings["threads"] = "1";
                options.Serving.Order = "latest-first";
            }));
        await using var provider = services.BuildServiceProvider();
        var engine = provider.GetRequiredService<HeliosEngine>();
        var answer = await engine.GenerateAsync(GenerationRequest.FromText("Tom") with { MaxTokens = 3 });
        answer.TokenIds.Should().HaveCount(3);
        answer.Point!.ExitPolicy.Should().Be("never");
        tokenizers.Asked.Should().Be(1);
        engine.Parts.Device.Backend.Device.Description.Should().StartWith("1 thread,");
    }

    [Fact]
    public void What_has_state_may_not_be_shared()
    {
        using var provider = Services().AddSingleton<IRequestOrder, LatestFirst>().BuildServiceProvider();
        var resolve = () => provider.GetRequiredService<HeliosEngine>();
        resolve.Should().Throw<InvalidOperationException>().WithMessage("*LatestFirst*IRequestOrder*transient*");
    }

    [Theory]
    [InlineData(null, "Threads", "0", "BackendSettings.Threads is '0'; expected 1 to 1024.")]
    [InlineData("cpu", "Cores", "2", "BackendSettings.Cores is unknown; expected Threads, VectorWidth or KvPrecision.")]
    [InlineData("cpu", "KvPrecision", "int4", "BackendSettings.KvPrecision is 'int4'; expected Fp32 or Bf16.")]
    [InlineData("abacus", null, null, "Backend is 'abacus'; expected one that was added: cpu.")]
    [InlineData("cuda", null, null, "Backend is 'cuda'; expected one that was added: cpu. 'cuda' comes with the package Helios.Sdk.TorchSharp: add it, call UseTorchSharp(), and name it 'torchsharp'.")]
    [InlineData("torchsharp", null, null, "Backend is 'torchsharp'; expected one that was added: cpu. 'torchsharp' comes with the package Helios.Sdk.TorchSharp: add it, call UseTorchSharp(), and name it 'torchsharp'.")]
    public void A_backend_that_is_not_to_be_had_is_reported_loudly(string? backend, string? setting, string? value, string message)
    {
        using var provider = Services(helios => helios.Configure(options =>
        {
            options.Backend = backend;
            if (setting is not null) options.BackendSettings[setting] = value!;
        })).BuildServiceProvider();
        var resolve = () => provider.GetRequiredService<HeliosEngine>();
        resolve.Should().Throw<OptionsValidationException>().WithMessage(message).Which.Message.Should().NotContain("Parameter");
    }

    [Fact]
    public void A_precision_that_the_device_cannot_hold_is_reported_by_its_option()
    {
        using var provider = Services(helios => helios
            .UseBackend(() => new FaultyBackend(new CpuBackend(new CpuOptions { Threads = 1 })) { Lacks = Precision.Fp16 })
            .Configure(options => options.Precision = Precision.Fp16)).BuildServiceProvider();
        var resolve = () => provider.GetRequiredService<HeliosEngine>();
        resolve.Should().Throw<OptionsValidationException>().WithMessage("Precision is Fp16; expected a precision that the backend holds. It cannot hold weights as Fp16.");
    }

    [Theory]
    [InlineData("fair", false, "Serving.Order is 'fair'")]
    [InlineData("latest-first", true, "the scheduler that was added has an order of its own")]
    [InlineData("latest-first", false, null)]
    public async Task An_order_that_is_added_and_not_used_is_warned_of(string order, bool scheduler, string? because)
    {
        var log = new CollectingLogger();
        await using var provider = Services(helios =>
        {
            helios.UseStrategy<IRequestOrder>(() => new LatestFirst()).Configure(options => options.Serving.Order = order);
            if (scheduler) helios.UseStrategy<IScheduler>(() => new GatedScheduler(0));
        }).AddSingleton<ILoggerFactory>(log).BuildServiceProvider();
        await provider.GetRequiredService<HeliosEngine>().Ready.WaitAsync(TestEngine.Patience);
        log.Of(LogLevel.Warning).Select(message => message.TrimEnd()).Should().Equal(because is null ? [] : [$"Orders were added but are not used (latest-first): {because}"]);
    }

    [Fact]
    public async Task What_a_device_warns_of_is_logged_once()
    {
        var log = new CollectingLogger();
        var cpu = new CpuBackend(new CpuOptions { Threads = 1 });
        await using var provider = Services(helios => helios.UseBackend(() => new FaultyBackend(cpu) { Device = cpu.Device with { Warning = "It is slow. Warm it." } })).AddSingleton<ILoggerFactory>(log).BuildServiceProvider();
        var engine = provider.GetRequiredService<HeliosEngine>();
        await engine.Ready.WaitAsync(TestEngine.Patience);
        await engine.GenerateAsync(GenerationRequest.FromText("Once") with { MaxTokens = 2 });
        log.Of(LogLevel.Warning).Select(message => message.TrimEnd()).Should().Equal("Device 'cpu': It is slow. Warm it.");
    }

    private static IHeliosBuilder Small(IHeliosBuilder helios) => helios.UseCpu(cpu => cpu.Threads = 1).AddModel(TestData.Model("tiny-s")).UseMemoryBudget(32 << 20);

    private static IServiceCollection Services(Action<IHeliosBuilder>? more = null) => new ServiceCollection().AddHelios(helios =>
    {
        Small(helios).ServeFixed();
        more?.Invoke(helios);
    });

    private sealed class FewestLayers : ISloObjective
    {
        public string Name => "fewest-layers";

        public ObjectiveScore Score(PointProfile profile) => new(-profile.Point.Target.Depth, []);
    }

    private sealed class DeadMeter : IEnergyMeter
    {
        public string Source => "dead meter";

        public EnergyReading Read() => EnergyReading.Unavailable("the battery is empty");
    }

    private sealed class CountingTokenizers : ITokenizerFactory
    {
        public int Asked { get; private set; }

        public ITokenizer? TryCreate(CheckpointInfo model)
        {
            Asked++;
            return null;
        }
    }

    private sealed class NeverPolicy : IExitPolicy
    {
        public string Name => "never";

        public ExitSignals Needs => ExitSignals.None;

        public void ChooseExits(in ExitLayout exits, Span<bool> checks)
        {
            // Nowhere.
        }

        public void Decide(int exit, ReadOnlySpan<ExitSignal> rows, Span<bool> leave)
        {
            // Nobody.
        }
    }
}
