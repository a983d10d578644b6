using Helios.Sdk.Adaptation.Repository;
using Helios.Sdk.Tests.Checkpoints;
using Microsoft.Extensions.Logging;

namespace Helios.Sdk.Tests.Hosting;

/// <summary>What one run learns serves the next.</summary>
public sealed class WarmStartTests : IDisposable
{
    private readonly TempFolder folder = new();

    private string Store => folder["profiles.json"];

    [Fact]
    public async Task A_second_run_selects_from_what_the_first_has_learnt_and_says_so()
    {
        var first = await RunColdAsync();

        await using var engine = Build();
        var events = new EventLog(engine.Engine);
        await events.WaitAsync("selected", 1);

        var decision = engine.Engine.Decisions[0];
        decision.Trigger.Should().Be(AdaptationTrigger.Start);
        decision.Reason.Should().Contain("nothing was evaluated again");
        decision.Considered.Select(point => point.Point).Should().BeEquivalentTo(first.Considered.Select(point => point.Point));
        engine.Snapshot.CompletedRequests.Should().Be(0, "nobody had to ask anything");
        engine.Snapshot.Profiles.Should().OnlyContain(profile => profile.EvidenceRequests >= 3 && profile.BitsPerByte > 0 && profile.QualityGap != null && profile.Throughput > 0);
        (await engine.AskAsync(EventLog.Request(0))).TokenIds.Should().HaveCount(8);
    }

    [Fact]
    public async Task The_file_says_nothing_of_what_was_asked()
    {
        await RunColdAsync();

        var content = await File.ReadAllTextAsync(Store);
        content.Should().NotContainAny(Prompts.All.SelectMany(prompt => prompt.Split(' ')).Where(word => word.Length > 4));
        RepositoryFile.Read(Store).Models.Should().HaveCount(2).And.OnlyContain(model => model.Requests.Length >= 3 && model.Costs.IsMeasured);
    }

    [Fact]
    public async Task A_hostile_file_costs_a_warning_and_no_start()
    {
        await File.WriteAllTextAsync(Store, """{"version": 1, "models": [{"fingerprint": "../../etc"}]}""");

        await using var engine = Build();
        var events = new EventLog(engine.Engine);
        await events.EvaluateAsync(engine);
        await events.WaitAsync("selected", 1);

        engine.Log.Of(LogLevel.Warning).Should().Contain(message => message.Contains(Store, StringComparison.Ordinal));
        engine.Engine.Decisions.Should().OnlyContain(decision => !decision.Reason.Contains("evaluated again", StringComparison.Ordinal));
    }

    public void Dispose() => folder.Dispose();

    private async Task<AdaptationDecision> RunColdAsync()
    {
        await using var engine = Build();
        var events = new EventLog(engine.Engine);
        await events.EvaluateAsync(engine);
        await events.WaitAsync("selected", 1);
        engine.Engine.Decisions[0].Reason.Should().NotContain("evaluated again");
        return engine.Engine.Decisions[0];
    }

    private TestEngine Build() => TestEngine.Build(builder => builder
        .AddModel(TestData.Model("tiny-s")).AddModel(TestData.Model("tiny-m"))
        .EvaluateCandidates(candidates: 2, requestsPerCandidate: 3)
        .Configure(options =>
        {
            options.Serving.MaxBatchSize = 8;
            options.Adaptation.ProfileStore = Store;
        }));
}
