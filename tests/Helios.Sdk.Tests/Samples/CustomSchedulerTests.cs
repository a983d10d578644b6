using CustomScheduler;
using Helios.Sdk.Scheduling;
using Helios.Sdk.Tests.Hosting;
using Helios.Sdk.Tests.Serving.Fakes;
using Helios.Sdk.Tests.Serving.Scheduling;

namespace Helios.Sdk.Tests.Samples;

/// <summary>A scheduler of somebody else's is short, serves everybody, and can do no harm.</summary>
public class CustomSchedulerTests
{
    [Fact]
    public void It_is_shorter_than_a_hundred_lines() =>
        File.ReadLines(Path.Combine(TestData.Root, "samples", "CustomScheduler", "ShortestFirstScheduler.cs")).Should().HaveCountLessThan(100);

    [Fact]
    public void The_shortest_goes_first()
    {
        var scheduler = new ShortestFirstScheduler();
        var device = new SimulatedDevice(rows: 64, sequences: 1, blocks: 100);
        var ids = new[] { 30, 5, 12, 5 }.Select(tokens => device.Arrive(scheduler, 4, tokens)).ToList();
        while (device.Live > 0) device.Step(scheduler);
        device.Finished.Should().Equal(ids[1], ids[3], ids[2], ids[0]);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public void Everybody_is_answered_rightly_with_little_memory(int seed)
    {
        var random = new Random(seed);
        using var rig = new LoopRig(new ServingOptions { MaxBatchSize = 8, MaxRowsPerStep = 40 }, budget: 5 << 13, slabBytes: 1 << 13, new ShortestFirstScheduler()).Serve();
        var sequences = Enumerable.Range(0, 40).Select(i => rig.Submit(LoopRig.Prompt(random.Next(1, 70), i), random.Next(1, 60))).ToList();
        for (var i = 0; i < 5; i++) rig.Step();
        rig.Loop.Cancel(sequences[7]);
        rig.RunToEnd();

        sequences.RemoveAt(7);
        sequences.ForEach(LoopRig.MustBeRight);
        rig.MustBeIdle();
    }

    [Fact]
    public async Task It_serves_in_an_engine()
    {
        await using var engine = await TestEngine.ServeAsync("tiny-s", more: builder => builder.UseStrategy<IScheduler>(() => new ShortestFirstScheduler()));
        var answers = await Task.WhenAll(Enumerable.Range(1, 8).Select(tokens => engine.AskAsync(GenerationRequest.FromText("Tom") with { MaxTokens = tokens, IgnoreEndOfSequence = true })));
        answers.Select(answer => answer.TokenIds.Count).Should().Equal(Enumerable.Range(1, 8));
        foreach (var answer in answers) answers[^1].TokenIds.Should().StartWith(answer.TokenIds);
        engine.MustBeIdle();
    }
}
