using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Diagnostics.HealthChecks;

namespace Helios.Sdk.Tests.Hosting.Health;

public class HealthCheckTests
{
    [Fact]
    public async Task It_is_ready_once_a_model_serves_and_no_longer_once_it_stops()
    {
        var loads = new TaskCompletionSource();
        await using var rig = Rig();
        rig.BeforeLoad = (_, _, token) => loads.Task.WaitAsync(token);
        await rig.StartAsync();
        (await CheckAsync(rig, "live")).Status.Should().Be(HealthStatus.Healthy, "it waits for nothing but a model");
        var loading = await CheckAsync(rig, "ready");
        loading.Status.Should().Be(HealthStatus.Unhealthy);
        loading.Description.Should().Contain("No model serves yet");

        loads.SetResult();
        await rig.Engine.Ready.WaitAsync(TestEngine.Patience);
        var ready = await CheckAsync(rig, "ready");
        ready.Status.Should().Be(HealthStatus.Healthy);
        ready.Data.Should().Contain("point", "tiny-s@6").And.Contain("depth", 6).And.Contain("waiting", 0).And.ContainKey("memoryUsedBytes");

        await rig.StopAsync();
        (await CheckAsync(rig, "ready")).Description.Should().Contain("stopping");
        (await CheckAsync(rig, "live")).Status.Should().Be(HealthStatus.Unhealthy);
    }

    [Fact]
    public async Task It_is_not_ready_when_nothing_can_serve()
    {
        await using var rig = Rig();
        rig.BeforeLoad = (_, _, _) => throw new IOException("The disk is gone.");
        await rig.StartAsync();
        await ((Func<Task>)(() => rig.Engine.Ready.WaitAsync(TestEngine.Patience))).Should().ThrowAsync<HeliosException>();
        (await CheckAsync(rig, "ready")).Description.Should().StartWith("No model can serve: ");
    }

    [Fact]
    public async Task A_step_that_does_not_end_is_a_stall()
    {
        var clock = new ManualClock();
        using var steps = new SemaphoreSlim(0);
        using var began = new SemaphoreSlim(0);
        await using var rig = Rig(clock);
        rig.BeforeStep = () =>
        {
            began.Release();
            steps.Wait();
        };
        await rig.StartAsync();
        await rig.Engine.Ready.WaitAsync(TestEngine.Patience);
        clock.Advance(TimeSpan.FromHours(1));
        (await CheckAsync(rig, "live")).Status.Should().Be(HealthStatus.Healthy, "there was nothing to do");

        var answer = rig.Engine.GenerateAsync(GenerationRequest.FromText("Tom") with { MaxTokens = 1 });
        (await began.WaitAsync(TestEngine.Patience)).Should().BeTrue();
        clock.Advance(TimeSpan.FromSeconds(10));
        (await CheckAsync(rig, "live")).Status.Should().Be(HealthStatus.Healthy, "ten seconds are allowed");
        clock.Advance(TimeSpan.FromSeconds(1));
        var stalled = await CheckAsync(rig, "live");
        stalled.Status.Should().Be(HealthStatus.Unhealthy);
        stalled.Description.Should().Contain("stalls").And.Contain("11 s");

        steps.Release(1000);
        await answer.WaitAsync(TestEngine.Patience);
        await rig.Engine.Parts.Device.Work.RunUrgentAsync(() => true).WaitAsync(TestEngine.Patience);
        (await CheckAsync(rig, "live")).Status.Should().Be(HealthStatus.Healthy);
    }

    [Fact]
    public async Task It_is_degraded_while_a_model_cannot_be_loaded()
    {
        await using var rig = Rig(("Models:1", "samples/models/tiny-m"));
        rig.BeforeLoad = (model, _, _) => model == "tiny-m" ? throw new CheckpointException("the disk is gone") : Task.CompletedTask;
        await rig.StartAsync();
        await rig.Engine.Ready.WaitAsync(TestEngine.Patience);
        await rig.Engine.Pool.AcquireAsync(new LoadTarget("tiny-m", 12));
        var ready = await CheckAsync(rig, "ready");
        ready.Status.Should().Be(HealthStatus.Degraded);
        ready.Description.Should().Contain("'tiny-m' could not be loaded").And.Contain("the disk is gone");
    }

    [Fact]
    public async Task Keyed_engines_have_checks_of_their_own()
    {
        await using var rig = new HostRig(HostRig.Static(), builder =>
        {
            builder.Services.AddKeyedHelios("chat", helios => helios.UseCpu(cpu => cpu.Threads = 1).AddModel(TestData.Model("tiny-s")).UseMemoryBudget(32 << 20).ServeFixed());
            builder.Services.AddHealthChecks().AddHelios().AddHelios("chat");
        });
        await rig.StartAsync();
        await rig.Services.GetRequiredKeyedService<HeliosEngine>("chat").Ready.WaitAsync(TestEngine.Patience);
        var report = await rig.Services.GetRequiredService<HealthCheckService>().CheckHealthAsync();
        report.Entries.Keys.Should().BeEquivalentTo("helios-live", "helios-ready", "helios-chat-live", "helios-chat-ready");
        report.Entries["helios-chat-ready"].Status.Should().Be(HealthStatus.Healthy);
    }

    private static HostRig Rig(params (string Key, string Value)[] more) => Rig(TimeProvider.System, more);

    private static HostRig Rig(TimeProvider time, params (string Key, string Value)[] more) => new(HostRig.Static(more), builder =>
    {
        builder.Services.AddSingleton(time);
        builder.Services.AddHealthChecks().AddHelios(stallAfter: TimeSpan.FromSeconds(10));
    });

    private static async Task<HealthReportEntry> CheckAsync(HostRig rig, string tag) =>
        (await rig.Services.GetRequiredService<HealthCheckService>().CheckHealthAsync(check => check.Tags.Contains(tag)).WaitAsync(TestEngine.Patience)).Entries.Values.Single();
}
