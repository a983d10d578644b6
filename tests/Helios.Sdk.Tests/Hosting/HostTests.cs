using Helios.Sdk.Testing;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace Helios.Sdk.Tests.Hosting;

/// <summary>An engine in a real host: start, what comes before the first model serves, and shutdown.</summary>
public class HostTests
{
    [Fact]
    public async Task It_serves_by_configuration_alone_and_starts_with_the_host()
    {
        await using var rig = new HostRig(HostRig.Static());
        await rig.StartAsync();
        rig.Backend.Should().NotBeNull("nobody had to ask for the engine");
        var answer = await rig.Engine.GenerateAsync(GenerationRequest.FromText("Tom") with { MaxTokens = 3 });
        answer.TokenIds.Should().HaveCount(3);
        answer.Point!.Target.Should().Be(new LoadTarget("tiny-s", 6));
    }

    [Theory]
    [InlineData("Adaptation:MaxQualityGap", "-1", "Helios:Adaptation:MaxQualityGap is -1; expected at least 0 bits per byte, or null.")]
    [InlineData("Adaptation:MaxQualityGap", "wide", "Helios:Adaptation:MaxQualityGap is 'wide'; expected a number, at least 0 bits per byte; or null or \"none\".")]
    [InlineData("Serving:Order", "random", "Helios:Serving:Order is 'random'; expected fair, first-come, deadline.")]
    [InlineData("Adaptation:FixedDepth", "9", "Helios:Adaptation:FixedDepth is 9; expected at most 6: 'tiny-s' has 6 layers.")]
    [InlineData("BackendSettings:Thread", "2", "Helios:BackendSettings:Thread is unknown; *")]
    [InlineData("Backend", "cuda", "Helios:Backend is 'cuda'; expected one that was added: one without a name. 'cuda' comes with the package Helios.Sdk.TorchSharp: *")]
    [InlineData("Sreving:Order", "fair", "Helios:Sreving is unknown; expected *Serving, Telemetry. Did you mean 'Serving'?")]
    public async Task A_wrong_value_ends_the_start_and_is_reported_by_its_key(string key, string value, string message)
    {
        await using var rig = new HostRig(HostRig.Static((key, value)));
        var start = rig.StartAsync;
        (await start.Should().ThrowAsync<OptionsValidationException>().WithMessage(message)).Which.Message.Should().NotContain("(Parameter");
    }

    [Fact]
    public async Task Everything_that_is_wrong_is_reported_in_one_round()
    {
        var section = HostRig.Static(
            ("Sreving:Order", "fair"), ("Serving:MaxBatchSize", "many"), ("Serving:MaxRowsPerStep", "8"), ("Serving:KvWatermark", "2"), ("Serving:Order", "fiar"),
            ("Adaptation:Objective", "throughptu"), ("BackendSettings:Thread", "2"), ("Models:0:Folder", "x"));
        section.Remove("Models:0");
        await using var rig = new HostRig(section);
        var start = rig.StartAsync;
        var failures = (await start.Should().ThrowAsync<OptionsValidationException>()).Which.Failures.ToList();
        string[] expected =
        [
            "Helios:Sreving is unknown; *Did you mean 'Serving'?",
            "Helios:Serving:MaxBatchSize is 'many'; expected a whole number, at least 1.",
            "Helios:Models:0:Folder is unknown; expected Path, Name, ChatTemplate, DigestFile.",
            "Helios:Models:0:Path is empty; expected the folder of a model.",
            "Helios:Serving:KvWatermark is 2; expected 0 to 0.5.",
            "Helios:BackendSettings:Thread is unknown; *",
            "Helios:Serving:Order is 'fiar'; expected fair, first-come, deadline. Did you mean 'fair'?",
            "Helios:Adaptation:Objective is 'throughptu'; expected throughput, *. Did you mean 'throughput'?",
        ];
        foreach (var message in expected) failures.Should().ContainMatch(message);
        failures.Should().HaveCount(expected.Length, "nothing is said of what the defaults are in place of a value that cannot be read: {0}", string.Join('\n', failures));
    }

    [Theory]
    [InlineData("Models:1", "Helios:Models:1")]
    [InlineData("Models:large", "Helios:Models:large")]
    [InlineData("Adaptation:Certificates:0", "Helios:Adaptation:Certificates:0")]
    [InlineData("Adaptation:ModelRepository", "Helios:Adaptation:ModelRepository")]
    public async Task A_file_that_is_not_there_ends_the_start_and_is_reported_by_its_key(string key, string expected)
    {
        await using var rig = new HostRig(HostRig.Static((key, "samples/models/nobody"), ("Adaptation:Enabled", "true")));
        var start = rig.StartAsync;
        await start.Should().ThrowAsync<OptionsValidationException>().WithMessage($"{expected}: {Path.Combine(TestData.Root, "samples")}*nobody*");
    }

    [Theory]
    [InlineData("true")]
    [InlineData("false")]
    public async Task A_budget_in_which_nothing_fits_ends_the_start_and_is_reported_by_its_key(string adapts)
    {
        await using var rig = new HostRig(HostRig.Static(("MemoryBudgetBytes", "1MiB"), ("Adaptation:Enabled", adapts)));
        var start = rig.StartAsync;
        await start.Should().ThrowAsync<OptionsValidationException>().WithMessage("Helios:MemoryBudgetBytes is 1048576; expected at least *: tiny-s@* with one sequence is the smallest candidate.");
    }

    [Theory]
    [InlineData("Adaptation:FixedDepth", "2", "Helios:Adaptation:FixedDepth is 2 while Helios:Adaptation:Enabled is true; expected adaptation off*")]
    [InlineData("Models:0", null, "Helios:Models is empty; *in configuration a list such as*")]
    public async Task What_an_adapting_engine_cannot_be_is_reported_by_its_key(string key, string? value, string message)
    {
        var section = HostRig.Static(("Adaptation:Enabled", "true"));
        section.Remove(key);
        if (value is not null) section[key] = value;
        await using var rig = new HostRig(section);
        var start = rig.StartAsync;
        await start.Should().ThrowAsync<OptionsValidationException>().WithMessage(message);
    }

    [Fact]
    public async Task Requests_before_the_first_model_wait_within_their_limits()
    {
        // Time passes only where the test lets it: on a busy machine the last request would wait too long as well.
        var clock = new ManualClock();
        var loads = new TaskCompletionSource();
        await using var rig = new HostRig(HostRig.Static(("Serving:MaxQueueTime", "50ms")), builder => builder.Services.AddSingleton<TimeProvider>(clock))
        {
            BeforeLoad = (_, _, token) => loads.Task.WaitAsync(token),
        };
        await rig.StartAsync();
        rig.Engine.Ready.IsCompleted.Should().BeFalse();

        Task<GenerationResult> WaitInVainAsync(GenerationRequest request)
        {
            var answer = rig.Engine.GenerateAsync(request).WaitAsync(TestEngine.Patience);
            clock.Advance(TimeSpan.FromMilliseconds(60));
            return answer;
        }

        var tired = () => WaitInVainAsync(GenerationRequest.FromText("Tom"));
        await tired.Should().ThrowAsync<ServerBusyException>().WithMessage("*Serving.MaxQueueTime*");
        var insists = () => WaitInVainAsync(GenerationRequest.FromText("Tom") with { FullDepth = true });
        await insists.Should().ThrowAsync<ServerBusyException>().WithMessage("No model serves yet*Serving.MaxQueueTime*");
        foreach (var fullDepth in (bool[])[false, true])
        {
            var late = await WaitInVainAsync(GenerationRequest.FromText("Tom") with { TimeLimit = TimeSpan.FromMilliseconds(10), FullDepth = fullDepth });
            late.FinishReason.Should().Be(FinishReason.TimeLimit);
            late.TokenIds.Should().BeEmpty();
        }

        loads.SetResult();
        await rig.Engine.Ready.WaitAsync(TestEngine.Patience);
        (await rig.Engine.GenerateAsync(GenerationRequest.FromText("Tom") with { MaxTokens = 2 }).WaitAsync(TestEngine.Patience)).TokenIds.Should().HaveCount(2);
    }

    [Fact]
    public async Task Requests_before_the_first_model_are_answered_when_it_serves()
    {
        var loads = new TaskCompletionSource();
        await using var rig = new HostRig(HostRig.Static()) { BeforeLoad = (_, _, token) => loads.Task.WaitAsync(token) };
        await rig.StartAsync();
        var early = Enumerable.Range(0, 4).Select(i => rig.Engine.GenerateAsync(GenerationRequest.FromText("Tom") with { MaxTokens = 2, FullDepth = i == 0 })).ToList();
        loads.SetResult();
        (await Task.WhenAll(early).WaitAsync(TestEngine.Patience)).Should().OnlyContain(answer => answer.TokenIds.Count == 2);
    }

    [Fact]
    public async Task What_runs_at_shutdown_is_answered_to_the_end_where_time_allows()
    {
        await using var rig = new HostRig(HostRig.Static());
        await rig.StartAsync();
        var stream = rig.Engine.StreamAsync(GenerationRequest.FromText("Tom") with { MaxTokens = 100, IgnoreEndOfSequence = true }).GetAsyncEnumerator();
        await stream.MoveNextAsync();
        var stopping = rig.StopAsync();
        var (tokens, last) = await ReadAsync(stream);
        await stopping;
        (tokens + 1, last).Should().Be((100, FinishReason.Length));
    }

    [Fact]
    public async Task A_host_that_is_stopped_in_the_middle_of_an_answer_ends_within_its_time()
    {
        using var slow = new SemaphoreSlim(0);
        await using var rig = new HostRig(HostRig.Static(), builder => builder.Services.Configure<HostOptions>(host => host.ShutdownTimeout = TimeSpan.FromMilliseconds(100)))
        {
            // At its own pace the answer would take a minute.
            BeforeStep = () => slow.Wait(TimeSpan.FromMilliseconds(300)),
        };
        await rig.StartAsync();
        var stream = rig.Engine.StreamAsync(GenerationRequest.FromText("Tom") with { MaxTokens = 200, IgnoreEndOfSequence = true }).GetAsyncEnumerator();
        await stream.MoveNextAsync();
        await rig.StopAsync();
        var (tokens, last) = await ReadAsync(stream);
        last.Should().Be(FinishReason.Aborted);
        tokens.Should().BeLessThan(190);
        rig.Log.Of(LogLevel.Warning).Should().ContainSingle().Which.Should().Contain("Serving.DrainTimeout (00:00:25)").And.Contain("HostOptions.ShutdownTimeout");
    }

    [Fact]
    public async Task A_server_that_waits_for_its_answers_when_it_stops_gets_them_aborted()
    {
        using var slow = new SemaphoreSlim(0);
        await using var rig = new HostRig(HostRig.Static(("Serving:DrainTimeout", "20ms")), builder =>
        {
            builder.Services.AddHostedService<WaitingServer>();
            builder.Services.Configure<HostOptions>(host => host.ShutdownTimeout = TimeSpan.FromSeconds(20));
        })
        {
            // At its own pace the answer would outlast the host.
            BeforeStep = () => slow.Wait(TimeSpan.FromMilliseconds(200)),
        };
        await rig.StartAsync();
        var server = rig.Services.GetServices<IHostedService>().OfType<WaitingServer>().Single();
        await rig.StopAsync();
        (await server.Answer).FinishReason.Should().Be(FinishReason.Aborted);
        rig.Log.Of(LogLevel.Warning).Should().BeEmpty();
    }

    [Fact]
    public async Task All_engines_of_a_host_stop_side_by_side()
    {
        await using var rig = new HostRig(HostRig.Static(), builder =>
        {
            foreach (var name in (string[])["one", "two"])
                builder.Services.AddKeyedHelios(name, helios => helios.UseCpu(cpu => cpu.Threads = 1).AddModel(TestData.Model("tiny-s")).UseMemoryBudget(32 << 20).ServeFixed());
        });
        await rig.StartAsync();
        await rig.StopAsync();
        foreach (var name in (string[])["one", "two"])
        {
            var late = () => rig.Services.GetRequiredKeyedService<IHeliosClient>(name).GenerateAsync(GenerationRequest.FromText("Tom"));
            await late.Should().ThrowAsync<ObjectDisposedException>();
        }
    }

    private static async Task<(int Tokens, FinishReason? Last)> ReadAsync(IAsyncEnumerator<GenerationUpdate> stream)
    {
        await using (stream)
        {
            var (tokens, last) = (0, (FinishReason?)null);
            while (await stream.MoveNextAsync())
            {
                tokens++;
                last = stream.Current.FinishReason ?? last;
            }

            return (tokens, last);
        }
    }

    /// <summary>As a web server does: has a request open, and stops when that is answered or its time is up.</summary>
    private sealed class WaitingServer(HeliosEngine engine) : IHostedService
    {
        public Task<GenerationResult> Answer { get; private set; } = null!;

        public async Task StartAsync(CancellationToken cancellationToken)
        {
            await engine.Ready.WaitAsync(cancellationToken);
            Answer = engine.GenerateAsync(GenerationRequest.FromText("Tom") with { MaxTokens = 200, IgnoreEndOfSequence = true }, CancellationToken.None);
        }

        public Task StopAsync(CancellationToken cancellationToken) => Answer.WaitAsync(cancellationToken);
    }
}
