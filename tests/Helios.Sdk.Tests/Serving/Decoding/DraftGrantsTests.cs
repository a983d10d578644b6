using Helios.Sdk.Serving.Decoding;
using Helios.Sdk.Serving.Requests;
using Helios.Sdk.Serving.Routing;
using Helios.Sdk.Serving.Scheduling;
using Helios.Sdk.Tests.Serving.Fakes;

namespace Helios.Sdk.Tests.Serving.Decoding;

public class DraftGrantsTests
{
    private const int BlockBytes = 16 * LoopRig.Layers * sizeof(ulong);

    [Theory]
    [InlineData(248, "7 7 7 7 7 7 7 7")]
    [InlineData(12, "1 1 1 1 2 2 2 2")]
    [InlineData(1, "0 0 0 0 0 0 0 1")]
    [InlineData(0, "0 0 0 0 0 0 0 0")]
    public void Rows_that_a_plan_leaves_are_shared(int rowsLeft, string expected)
    {
        using var rig = new LoopRig().Serve(draftDepth: 2);
        for (var i = 0; i < 8; i++) rig.Submit([1, 2], 30);
        rig.Step();

        Grant(rig, rowsLeft).Should().Be(expected);
        rig.RunToEnd();
    }

    [Fact]
    public void The_last_token_of_an_answer_is_not_drafted()
    {
        using var rig = new LoopRig().Serve(draftDepth: 2);
        foreach (var length in new[] { 2, 3, 4, 30 }) rig.Submit([1, 2], length);
        rig.Step();

        Grant(rig, 100).Should().Be("0 1 2 7");
        rig.RunToEnd();
    }

    [Fact]
    public void Prompts_and_plain_routes_draft_nothing()
    {
        using var rig = new LoopRig().Serve();
        rig.Submit([1, 2], 30);
        rig.Step();
        rig.Routes.Publish(rig.Route(draftDepth: 2));
        rig.Submit([1, 2], 30);
        rig.Step();
        Grant(rig, 100).Should().Be("0 7");
        Grant(rig, 100, count: 0).Should().Be("0 0", "no row is planned that the next token is sampled from");
        rig.RunToEnd();
    }

    [Fact]
    public void Without_blocks_drafts_stay_in_those_that_are_held_and_nobody_gives_way()
    {
        using var rig = new LoopRig(budget: BlockBytes, slabBytes: BlockBytes).Serve(draftDepth: 2);
        rig.Model.Easy = 100;
        var sequence = rig.Submit(LoopRig.Prompt(12, 1), 4);
        rig.Step();
        rig.Step();
        rig.Model.Rows.Select(row => row.Position).Max().Should().BeLessThan(16);
        rig.RunToEnd();
        LoopRig.MustBeRight(sequence, easy: 100);
        sequence.Output.Progress.End!.Reason.Should().Be(FinishReason.Length);
    }

    [Fact]
    public void A_route_that_rests_is_granted_nothing()
    {
        using var rig = new LoopRig();
        var route = rig.Route(draftDepth: 2);
        route.Drafts!.PlainRan(1, 1);
        for (var i = 0; i < 16; i++) route.Drafts.DraftRan(1, 2);
        rig.Submit([1], 40, pinned: route);
        for (var i = 0; i < 16; i++) rig.Step();
        rig.Model.Drafted.Should().Be(0);
        rig.Step();
        rig.Model.Drafted.Should().BePositive("it rests for sixteen steps only");
        rig.RunToEnd();
    }

    /// <summary>Drafts of a plan in which each live sequence has so many rows.</summary>
    private static string Grant(LoopRig rig, int rowsLeft, int count = 1)
    {
        var plan = rig.Loop.Sequences.All.Select(sequence => new PlannedRows(sequence, count)).ToList();
        var grants = new DraftGrants(rig.Blocks);

        // The first step of sixteen is plain.
        for (var step = 0; step < 2; step++) grants.Give(plan, rowsLeft);
        return string.Join(' ', plan.Select(rows => rows.Drafts));
    }
}
