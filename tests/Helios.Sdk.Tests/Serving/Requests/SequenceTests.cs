using Helios.Sdk.Scheduling;
using Helios.Sdk.Serving.Requests;
using Helios.Sdk.Serving.Routing;
using Helios.Sdk.Serving.Streaming;
using Helios.Sdk.Tests.Serving.Fakes;

namespace Helios.Sdk.Tests.Serving.Requests;

public class SequenceTests
{
    [Fact]
    public void Computed_tokens_chase_known_ones_and_depths_outlive_a_restart()
    {
        var sequence = Make([5, 6, 7], 4);
        sequence.Known.Should().Be(3);
        sequence.Capacity.Should().Be(7);
        for (var i = 0; i < 3; i++)
        {
            sequence.MayLeaveEarly(i).Should().BeFalse("prompt tokens never leave early");
            sequence.Advance(6);
        }

        sequence.Append(9);
        sequence.Answer.ToArray().Should().Equal(9);
        sequence.MayLeaveEarly(3).Should().BeTrue();
        sequence.Advance(2);
        sequence.Append(8);
        sequence.MayLeaveEarly(3).Should().BeFalse("it ran already");

        sequence.Restart();
        sequence.Computed.Should().Be(0);
        sequence.Known.Should().Be(5);
        Enumerable.Range(0, 5).Select(sequence.DepthOf).Should().Equal(6, 6, 6, 2, 0);
        sequence.MayLeaveEarly(4).Should().BeTrue();
    }

    [Fact]
    public void Another_tokenizers_prompt_takes_the_place_of_the_first()
    {
        var sequence = Make([5, 6, 7], 4);
        sequence.SetPrompt(new EncodedPrompt([1, 2], "other"));

        sequence.Tokens.ToArray().Should().Equal(1, 2);
        sequence.PromptLength.Should().Be(2);
        sequence.Capacity.Should().Be(6);
        sequence.Prompt.TokenizerFingerprint.Should().Be("other");
    }

    [Fact]
    public void A_lease_that_two_hold_is_disposed_by_the_last()
    {
        using var rig = new LoopRig();
        var sequence = Make([1], 1);
        var route = rig.Route();
        sequence.HoldLease();
        sequence.Assign(route, route.Lease.TryShare()!);
        route.Lease.Dispose();
        sequence.ReleaseLease();
        rig.Released.Should().Be(0);
        sequence.ReleaseLease();
        rig.Released.Should().Be(1);
    }

    [Fact]
    public void A_request_without_a_tenant_is_anonymous()
    {
        Make([1], 1).Tenant.Should().Be("anonymous");
    }

    private static Sequence Make(int[] prompt, int maxTokens) => new(
        new RequestId(1),
        GenerationRequest.FromTokens(prompt) with { MaxTokens = maxTokens },
        seed: 1,
        new EncodedPrompt(prompt, "fake"),
        new TokenStream(new FakeTokenizer(), StopStrings.None),
        arrivedAt: 0);
}
