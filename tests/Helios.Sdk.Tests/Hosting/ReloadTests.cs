using Helios.Sdk.Energy;
using Helios.Sdk.Models;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace Helios.Sdk.Tests.Hosting;

/// <summary>Configuration that is reloaded while an engine serves.</summary>
public class ReloadTests
{
    [Fact]
    public async Task Objective_budget_and_limits_follow_the_configuration()
    {
        await using var rig = await AdaptingAsync();
        var pool = rig.Engine.Pool;

        await rig.ReloadAsync("Adaptation:Objective", "memory");
        var decision = rig.Engine.Decisions[^1];
        decision.Trigger.Should().Be(AdaptationTrigger.ObjectiveChanged);
        decision.Chosen.Target.Should().Be(new LoadTarget("tiny-s", 2), "it is the smallest there is");

        await rig.ReloadAsync("Adaptation:MinAgreement", "1");
        rig.Engine.Decisions[^1].Trigger.Should().Be(AdaptationTrigger.LimitsChanged);
        rig.Engine.Snapshot.Serving!.Target.Depth.Should().Be(6, "nothing else agrees with the full depth in everything");
        await rig.ReloadAsync("Adaptation:MinAgreement", "none");
        rig.Engine.Snapshot.Serving!.Target.Depth.Should().Be(2);

        rig.Log.Of(LogLevel.Information).Should().ContainMatch("Helios:Adaptation:MinAgreement is now 1*").And.ContainMatch("Helios:Adaptation:MinAgreement is now null*");
        rig.Log.Of(LogLevel.Information).Should().NotContain(message => message.Contains("MaxTtft is", StringComparison.Ordinal), "it did not change");

        await rig.ReloadAsync("MemoryBudgetBytes", "40MiB");
        pool.Snapshot.BudgetBytes.Should().Be(40 << 20);
        rig.Log.Of(LogLevel.Information).Should().Contain(message => message.Contains("Helios:MemoryBudgetBytes is now 41943040", StringComparison.Ordinal));
        rig.Log.Of(LogLevel.Warning).Should().BeEmpty();
    }

    [Fact]
    public async Task The_target_of_confidence_follows_the_configuration()
    {
        await using var rig = await AdaptingAsync();
        await rig.ReloadAsync("Adaptation:Objective", "memory");
        rig.Engine.Snapshot.Serving!.Target.Depth.Should().Be(2);

        await rig.ReloadAsync("Adaptation:ConfidenceTarget", "1");
        var decision = rig.Engine.Decisions[^1];
        decision.Trigger.Should().Be(AdaptationTrigger.LimitsChanged);
        decision.Considered.Single(point => point.Point.Target.Depth == 2).InfeasibleBecause.Should().Contain("breach rate 1 is over");
        rig.Engine.Snapshot.Serving!.Target.Depth.Should().Be(6, "nothing else is as sure of every token");

        await rig.ReloadAsync("Adaptation:ConfidenceTarget", "0.01");
        rig.Engine.Snapshot.Serving!.Target.Depth.Should().Be(2);
        rig.Log.Of(LogLevel.Information).Should().ContainMatch("Helios:Adaptation:ConfidenceTarget is now 1*").And.ContainMatch("Helios:Adaptation:ConfidenceTarget is now 0.01*");
        rig.Log.Of(LogLevel.Warning).Should().BeEmpty();
    }

    [Theory]
    [InlineData("Adaptation:ConfidenceTarget", "1.5", "Helios:Adaptation:ConfidenceTarget is 1.5")]
    [InlineData("Adaptation:MaxQualityGap", "-1", "Helios:Adaptation:MaxQualityGap is -1")]
    [InlineData("MemoryBudgetBytes", "1MiB", "Helios:MemoryBudgetBytes cannot be 1048576*the least that can serve takes")]
    [InlineData("Adaptation:Objective", "beauty", "Adaptation:Objective is 'beauty'; expected throughput")]
    [InlineData("Adaptation:MaxJoulesPerToken", "1", "Helios:Adaptation:MaxJoulesPerToken is 1; expected an energy meter")]
    [InlineData("Serving:Tempo", "1", "Helios:Serving:Tempo is unknown")]
    public async Task What_is_refused_is_logged_and_what_was_in_force_stays_so(string key, string value, string message)
    {
        await using var rig = await AdaptingAsync(builder => builder.AddSingleton<IEnergyMeter, DeadMeter>());
        var before = rig.Engine.Decisions.Count;
        await rig.ReloadAsync(key, value);
        rig.Log.Of(LogLevel.Error).Should().ContainSingle().Which.Should().Match($"*{message}*");
        rig.Engine.Decisions.Should().HaveCount(before);
        rig.Engine.Pool.Snapshot.BudgetBytes.Should().Be(32 << 20);
        (await rig.Engine.GenerateAsync(GenerationRequest.FromText("Tom") with { MaxTokens = 2 })).TokenIds.Should().HaveCount(2);
    }

    [Theory]
    [InlineData("MemoryBudgetBytes", "1MiB", "2MiB", "32MiB", "Helios:MemoryBudgetBytes was refused as 2097152, and is valid again: it is 33554432*")]
    [InlineData("MemoryBudgetBytes", "1MiB", "2MiB", "40MiB", "Helios:MemoryBudgetBytes was refused as 2097152, and is valid again: it is 41943040*")]
    [InlineData("Adaptation:MaxQualityGap", "-1", "-2", "5", "The configuration is valid again*")]
    public async Task A_refused_value_is_reported_once_until_it_is_another_or_put_right(string key, string wrong, string alsoWrong, string right, string putRight)
    {
        await using var rig = await AdaptingAsync();
        await rig.ReloadAsync(key, wrong);
        await rig.ReloadAsync("Adaptation:MaxTtft", "40s");
        await rig.ReloadAsync("Adaptation:MaxTtft", "50s");
        rig.Log.Of(LogLevel.Error).Should().ContainSingle();

        await rig.ReloadAsync(key, alsoWrong);
        rig.Log.Of(LogLevel.Error).Should().HaveCount(2);
        rig.Log.Of(LogLevel.Information).Should().NotContainMatch("*valid again*");

        await rig.ReloadAsync(key, right);
        rig.Log.Of(LogLevel.Information).Should().ContainMatch(putRight);
        await rig.ReloadAsync(key, alsoWrong);
        rig.Log.Of(LogLevel.Error).Should().HaveCount(3, "it was right in between");
    }

    [Fact]
    public async Task The_monitor_never_holds_what_is_not_valid()
    {
        await using var rig = await AdaptingAsync();
        await rig.ReloadAsync("Adaptation:MaxQualityGap", "-1");
        var monitor = rig.Services.GetRequiredService<IOptionsMonitor<HeliosOptions>>();
        monitor.CurrentValue.Adaptation.MaxQualityGap.Should().BeNull();
        await rig.ReloadAsync("Adaptation:MaxQualityGap", "5");
        monitor.CurrentValue.Adaptation.MaxQualityGap.Should().Be(5);
        rig.Engine.Decisions[^1].Trigger.Should().Be(AdaptationTrigger.LimitsChanged);
    }

    [Fact]
    public async Task What_cannot_change_while_it_runs_is_warned_of_by_its_key_and_once()
    {
        await using var rig = await AdaptingAsync();
        await rig.ReloadAsync("Serving:MaxBatchSize", "32");
        await rig.ReloadAsync("Models:1", "samples/models/tiny-m");
        await rig.ReloadAsync("Adaptation:BreachLimit", "40");
        await rig.ReloadAsync("Adaptation:Objective", "memory");
        rig.Log.Of(LogLevel.Warning).Should().HaveCount(3)
            .And.ContainMatch("Helios:Adaptation:BreachLimit changed from 50 to 40*next start*")
            .And.ContainMatch("Helios:Serving:MaxBatchSize changed from 64 to 32*next start*")
            .And.ContainMatch("Helios:Models changed*");
    }

    /// <summary>An engine of one model that has made its first choice.</summary>
    private static async Task<HostRig> AdaptingAsync(Action<IServiceCollection>? more = null)
    {
        var rig = new HostRig(
            new Dictionary<string, string?>(StringComparer.Ordinal)
            {
                ["Models:0"] = "samples/models/tiny-s",
                ["MemoryBudgetBytes"] = "32MiB",
                ["Adaptation:RequestsPerCandidate"] = "2",
                ["Adaptation:MaxQualityGap"] = "none",
                ["Adaptation:ConfidenceTarget"] = "0.01",
            },
            builder => more?.Invoke(builder.Services));
        await rig.StartAsync();
        for (var i = 0; rig.Engine.Decisions.Count == 0; i++)
            await rig.Engine.GenerateAsync(GenerationRequest.FromText(Prompts.All[i % Prompts.All.Length]) with { MaxTokens = 8, IgnoreEndOfSequence = true }).WaitAsync(TestEngine.Patience);
        return rig;
    }

    private sealed class DeadMeter : IEnergyMeter
    {
        public string Source => "dead meter";

        public EnergyReading Read() => EnergyReading.Unavailable("the battery is empty");
    }
}
