using Helios.Sdk.ExitPolicies;
using Helios.Sdk.Serving.Decoding;
using Helios.Sdk.Serving.KvCache;
using Helios.Sdk.Serving.Routing;
using Helios.Sdk.Tests.Serving.Fakes;

namespace Helios.Sdk.Tests.Serving.Decoding;

/// <summary>A text that was served, replayed, is what it was when it was served.</summary>
public class PolicyReplayTests
{
    [Theory]
    [InlineData("none", 256)]
    [InlineData("top1:0.5", 256)]
    [InlineData("top1:0.5,min=3", 256)]
    [InlineData("entropy:0.6", 7)]
    [InlineData("margin:0.2", 16)]
    [InlineData("confidence:0.8", 1)]
    [InlineData("patience:1", 256)]
    public void Depths_and_tokens_are_those_that_were_served(string policy, int maxRows)
    {
        using var rig = new LoopRig();
        var route = rig.Route(policy: policy);
        for (var i = 0; i < 5; i++)
        {
            var sequence = rig.Submit(LoopRig.Prompt(3 + 9 * i, i), 60, pinned: route);
            int[]? text = null;
            rig.Observer.OnToken = seen => text = seen.Tokens.ToArray();
            rig.RunToEnd();

            var found = Replay(rig, route, text![..^1], sequence.PromptLength, maxRows);
            found.Skip(sequence.PromptLength - 1).Select(token => token.Depth).Should().Equal(LoopRig.Depths(sequence));
            found.Skip(sequence.PromptLength - 1).Select(token => token.TopId).Should().Equal(LoopRig.Tokens(sequence));
            found.Take(sequence.PromptLength).Should().OnlyContain(token => token.Depth == LoopRig.Layers);
        }
    }

    private static ReplayedToken[] Replay(LoopRig rig, Route route, int[] text, int promptLength, int maxRows)
    {
        var table = new BlockTable(route.Lease.Served.KvParts(route.Depth).All[0].Shape, rig.Blocks.BlocksFor(text.Length));
        rig.Blocks.TryGrow(table, text.Length).Should().BeTrue();
        var point = new ReplayedPoint(route.Depth, ExitPolicyParser.Parse(route.Policy.Name), route.CheckDepths, route.Lease.Served.Calibration.Current);
        var found = new ReplayedToken[text.Length];
        new PolicyReplay(rig.Model, point, maxRows).Run(text, promptLength, table.Blocks, found);
        rig.Blocks.Release(table);
        return found;
    }
}
