using Helios.Sdk.Scheduling;
using Helios.Sdk.Serving.Requests;
using Helios.Sdk.Serving.Streaming;
using Helios.Sdk.Tests.Serving.Fakes;

namespace Helios.Sdk.Tests.Serving.Requests;

/// <summary>What live requests take of the host's memory follows what they have, not what they may get.</summary>
public class HostBytesTests
{
    private const int Most = 1900;

    [Fact]
    public void What_is_asked_in_words_and_what_ends_the_answer_count_too()
    {
        static long Bytes(GenerationRequest request) => new Sequence(new RequestId(1), request, seed: 1, new EncodedPrompt([1], "fake"), new TokenStream(new FakeTokenizer(), StopStrings.Of(request.Stop)), arrivedAt: 0).HostBytes;

        var asked = new string('a', 1000);
        (Bytes(GenerationRequest.FromText(asked)) - Bytes(GenerationRequest.FromText("a"))).Should().Be(2 * 999);
        (Bytes(GenerationRequest.FromMessages([new ChatTurn("user", asked)])) - Bytes(GenerationRequest.FromMessages([new ChatTurn("user", "a")]))).Should().Be(2 * 999);
        (Bytes(GenerationRequest.FromText("a") with { Stop = [asked] }) - Bytes(GenerationRequest.FromText("a"))).Should().BeInRange(9 * 1000, 10 * 1000);
    }

    [Fact]
    public void A_request_that_may_become_long_takes_what_it_has()
    {
        using var rig = new LoopRig(budget: 1 << 22, slabBytes: 1 << 21).Serve();
        var sequences = Submit(rig);
        for (var i = 0; i < 40; i++) rig.Step();

        var tokens = sequences.Sum(sequence => sequence.Known);
        tokens.Should().Be(sequences.Count * (LoopRig.Prompt(10, 1).Length + 40));

        // Ids, depths, text, and twenty log probabilities of eight bytes for each; twice that where a buffer has just doubled.
        rig.Loop.Sequences.HostBytes.Should().Be(sequences.Sum(sequence => sequence.HostBytes)).And.BeInRange(tokens * 40, tokens * 500);
    }

    [Fact]
    public void What_has_ended_takes_nothing_more()
    {
        using var rig = new LoopRig(budget: 1 << 22, slabBytes: 1 << 21).Serve();
        var sequences = Submit(rig);
        for (var i = 0; i < 10; i++) rig.Step();
        foreach (var sequence in sequences) rig.Loop.Cancel(sequence);
        rig.Step();

        rig.Loop.Sequences.HostBytes.Should().Be(0);
        rig.MustBeIdle();
    }

    [Fact]
    public void Buffers_grow_in_few_steps()
    {
        using var rig = new LoopRig(budget: 1 << 22, slabBytes: 1 << 21).Serve();
        Submit(rig);
        rig.Step();
        var grew = 0;
        for (var step = 1; step < 1000; step++)
        {
            var before = rig.Loop.Sequences.HostBytes;
            rig.Step();
            if (rig.Loop.Sequences.HostBytes > before) grew++;
        }

        grew.Should().BeInRange(1, 40, "each of a few buffers doubles four or five times on the way to a thousand tokens");
    }

    private static List<Sequence> Submit(LoopRig rig) => [.. Enumerable.Range(0, 4).Select(i => rig.Submit(LoopRig.Prompt(10, 1), Most, request => request with
    {
        LogProbabilities = 20,
        Sampling = request.Sampling with { RepetitionPenalty = 1.1f, Seed = i },
    }))];
}
