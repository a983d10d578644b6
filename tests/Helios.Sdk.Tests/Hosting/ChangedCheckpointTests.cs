using Helios.Sdk.Hosting.Health;
using Helios.Sdk.Models;
using Helios.Sdk.Tests.Adaptation.Loading;
using Helios.Sdk.Tests.Checkpoints;
using Microsoft.Extensions.Diagnostics.HealthChecks;

namespace Helios.Sdk.Tests.Hosting;

/// <summary>A checkpoint is overwritten in place under an engine that has loaded a part of it.</summary>
public class ChangedCheckpointTests
{
    [SkippableFact]
    public async Task What_is_loaded_serves_on_and_nothing_of_the_other_file_comes_in()
    {
        Skip.If(OperatingSystem.IsWindows(), "Windows lets nobody write to a checkpoint that is open.");
        using var folder = ModelPoolTests.Copy("tiny-s");
        await using var engine = TestEngine.Build(builder => builder.AddModel(folder.Path, "served").ServeFixed(3));
        await engine.Engine.Ready.WaitAsync(TestEngine.Patience);
        var former = await engine.AskAsync(EventLog.Request(0));

        var weights = File.ReadAllBytes(folder["model.safetensors"]);
        ChangedFileTests.WriteInPlace(folder["model.safetensors"], [.. weights[..^65536], .. new byte[65536]]);

        var deep = () => engine.AskAsync(EventLog.Request(0) with { FullDepth = true });
        for (var attempt = 0; attempt < 2; attempt++)
            (await deep.Should().ThrowAsync<HeliosException>()).WithMessage("served@6 could not be loaded: *model.safetensors: changed after it was opened*").WithInnerException<CheckpointChangedException>();
        (await engine.AskAsync(EventLog.Request(0))).TokenIds.Should().Equal(former.TokenIds);
        engine.Engine.Pool.Snapshot.Models.Single().StaleBecause.Should().Contain("changed after it was opened");

        var health = await new ReadinessCheck(engine.Engine).CheckHealthAsync(new HealthCheckContext { Registration = new HealthCheckRegistration("helios", _ => null!, HealthStatus.Unhealthy, null) });
        health.Status.Should().Be(HealthStatus.Degraded);
        health.Description.Should().StartWith("'served' is stale: ");
    }
}
