using Helios.Sdk.Serving.Requests;
using Helios.Sdk.Tests.Serving.Fakes;
using Helios.Sdk.Tests.Serving.Scheduling;

namespace Helios.Sdk.Tests.Serving.Decoding;

/// <summary>The walk through layers, over a model whose every token depends on all KV before it.</summary>
public class LayerWalkTests
{
    [Fact]
    public void Sequences_of_several_depths_share_a_step()
    {
        using var rig = new LoopRig();
        var routes = Enumerable.Range(1, LoopRig.Layers).Select(depth => rig.Route(depth)).ToList();
        var sequences = routes.Select((route, i) => rig.Submit(LoopRig.Prompt(10 + 5 * i, i), 25, pinned: route)).ToList();
        rig.Step();
        rig.Step();

        rig.Model.Depths.Should().BeEquivalentTo([1, 2, 3, 4, 5, 6]);
        rig.Observer.Last.Depth.Should().Be(3.5);
        rig.Observer.Last.Rows.Should().Be(6);
        rig.Observer.Last.ContextTokens.Should().Be(sequences.Sum(sequence => sequence.PromptLength + 1));
        rig.RunToEnd();
        sequences.ForEach(LoopRig.MustBeRight);
        sequences.Select(sequence => LoopRig.Depths(sequence).Distinct().Single()).Should().Equal(1, 2, 3, 4, 5, 6);
    }

    [Theory]
    [InlineData("top1:0.5")]
    [InlineData("confidence:0.8")]
    [InlineData("margin:0.2")]
    [InlineData("entropy:0.6")]
    public void Tokens_leave_where_the_policy_says(string policy)
    {
        using var rig = new LoopRig().Serve(policy: policy);
        var sequences = Enumerable.Range(0, 10).Select(i => rig.Submit(LoopRig.Prompt(5 + i, i), 40)).ToList();
        rig.RunToEnd();

        sequences.ForEach(LoopRig.MustBeRight);
        sequences.SelectMany(LoopRig.Depths).Distinct().Should().BeEquivalentTo([2, 4, 6], "all exits are used");
        sequences.Should().OnlyContain(sequence => LoopRig.Depths(sequence)[0] == 6, "prompt tokens never leave early");
    }

    [Fact]
    public void Sequences_of_several_policies_share_a_step()
    {
        using var rig = new LoopRig();
        var routes = new[] { rig.Route(6, "top1:0.5"), rig.Route(4, "entropy:0.6"), rig.Route(6), rig.Route(6, "margin:0.2"), rig.Route(2, "top1:0.1") };
        var sequences = Enumerable.Range(0, 15).Select(i => rig.Submit(LoopRig.Prompt(5 + i, i), 30, pinned: routes[i % routes.Length])).ToList();
        rig.RunToEnd();
        sequences.ForEach(LoopRig.MustBeRight);
    }

    [Fact]
    public void An_exit_that_was_checked_gives_the_token_without_a_second_head()
    {
        using var rig = new LoopRig().Serve(policy: "top1:0");
        var sequence = rig.Submit(LoopRig.Prompt(5, 1), 3);
        rig.Step();
        rig.Observer.Last.SampledRows.Should().Be(1, "the prompt's last token runs to the end");
        rig.Step();
        rig.Observer.Last.SampledRows.Should().Be(0);
        rig.RunToEnd();
        LoopRig.Depths(sequence).Should().Equal(6, 2, 2);
        LoopRig.MustBeRight(sequence);
    }

    [Theory]
    [InlineData("none", 0f)]
    [InlineData("top1:0.5", 0f)]
    [InlineData("top1:0.5", 0.9f)]
    public void With_a_preemption_in_every_step_depths_are_replayed_and_nothing_changes(string policy, float temperature)
    {
        var scheduler = new ForcedPreemption();
        using var rig = new LoopRig(scheduler: scheduler, budget: 1 << 22).Serve(policy: policy);
        var sequences = Enumerable.Range(0, 8).Select(i => rig.Submit(LoopRig.Prompt(5 + 3 * i, i), 30, request => request with { Sampling = request.Sampling with { Temperature = temperature, Seed = i } })).ToList();
        rig.RunToEnd();

        scheduler.Count.Should().BeGreaterThan(25);
        sequences.ForEach(LoopRig.MustBeRight);
        rig.MustBeIdle();
    }

    [Fact]
    public void Patience_counts_agreeing_checks()
    {
        // Top tokens of the fake model hardly ever agree, so patience 2 leaves nowhere, and patience 1 at the first check.
        using var rig = new LoopRig();
        var patient = rig.Submit(LoopRig.Prompt(9, 1), 30, pinned: rig.Route(policy: "patience:2"));
        var hasty = rig.Submit(LoopRig.Prompt(9, 1), 30, pinned: rig.Route(policy: "patience:1"));
        rig.RunToEnd();

        LoopRig.Depths(hasty).Skip(1).Should().OnlyContain(depth => depth == 2);
        LoopRig.Depths(patient).Count(depth => depth == 6).Should().BeGreaterThan(25);
    }

    [Fact]
    public void Where_a_prompt_is_cut_changes_nothing()
    {
        foreach (var rows in new[] { 4, 7, 16, 256 })
        {
            using var rig = new LoopRig(new ServingOptions { MaxBatchSize = 4, MaxRowsPerStep = rows }).Serve(policy: "top1:0.5");
            var sequences = new List<Sequence> { rig.Submit(LoopRig.Prompt(100, 1), 10), rig.Submit(LoopRig.Prompt(33, 2), 10) };
            rig.RunToEnd();
            sequences.ForEach(LoopRig.MustBeRight);
        }
    }
}
