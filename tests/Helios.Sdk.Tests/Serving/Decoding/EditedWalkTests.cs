using Helios.Sdk.Serving.Requests;
using Helios.Sdk.Tests.Serving.Fakes;
using Helios.Sdk.Tests.Serving.Scheduling;

namespace Helios.Sdk.Tests.Serving.Decoding;

/// <summary>Edits, log probabilities and stop ids in the walk, over a model whose every token depends on all before it.</summary>
public class EditedWalkTests
{
    [Theory]
    [InlineData("none", 0f)]
    [InlineData("none", 0.8f)]
    [InlineData("top1:0.5", 0f)]
    [InlineData("top1:0.5", 0.8f)]
    [InlineData("entropy:0.6", 0f)]
    public void Edited_answers_are_right_in_a_batch_with_others(string policy, float temperature)
    {
        using var rig = new LoopRig().Serve(policy: policy);
        var sequences = Submit(rig, temperature);
        rig.RunToEnd();
        sequences.ForEach(LoopRig.MustBeRight);
        sequences.Count(sequence => sequence.Edit is not null).Should().Be(8);
        if (policy != "none") sequences.SelectMany(LoopRig.Depths).Distinct().Should().HaveCountGreaterThan(1);
    }

    [Theory]
    [InlineData("none", 0f)]
    [InlineData("top1:0.5", 0.8f)]
    public void Edited_answers_are_right_with_a_preemption_in_every_step(string policy, float temperature)
    {
        var scheduler = new ForcedPreemption();
        using var rig = new LoopRig(scheduler: scheduler, budget: 1 << 22).Serve(policy: policy);
        var sequences = Submit(rig, temperature);
        rig.RunToEnd();
        scheduler.Count.Should().BeGreaterThan(25);
        sequences.ForEach(LoopRig.MustBeRight);
    }

    [Fact]
    public void A_token_that_an_exit_check_would_have_given_is_edited_too()
    {
        using var rig = new LoopRig().Serve(policy: "top1:0");
        var plain = rig.Submit(LoopRig.Prompt(5, 1), 20);
        rig.RunToEnd();
        var forbidden = LoopRig.Tokens(plain)[1];
        var edited = rig.Submit(LoopRig.Prompt(5, 1), 20, request => request with { Sampling = request.Sampling with { LogitBias = new Dictionary<int, float> { [forbidden] = float.NegativeInfinity } } });
        rig.RunToEnd();

        rig.Observer.Last.SampledRows.Should().Be(1, "the check's token is not what the request wants");
        LoopRig.Depths(edited)[1].Should().Be(2, "it leaves at the first exit");
        LoopRig.Tokens(edited).Should().NotContain(forbidden);
        LoopRig.MustBeRight(edited);
        LoopRig.MustBeRight(plain);
    }

    [Fact]
    public void Log_probabilities_come_with_tokens_that_an_exit_check_would_have_given()
    {
        using var rig = new LoopRig().Serve(policy: "top1:0");
        var plain = rig.Submit(LoopRig.Prompt(5, 1), 10);
        var asking = rig.Submit(LoopRig.Prompt(5, 1), 10, request => request with { LogProbabilities = 3 });
        rig.RunToEnd();

        LoopRig.Tokens(asking).Should().Equal(LoopRig.Tokens(plain));
        LoopRig.Depths(asking).Should().Equal(LoopRig.Depths(plain));
        for (var i = 0; i < 10; i++)
        {
            var known = asking.Output.LogProbabilities![i];
            known.Likeliest.Should().HaveCount(3).And.BeInDescendingOrder(token => token.LogProbability);
            known.LogProbability.Should().BeNegative();
            if (i > 0) known.Likeliest[0].Should().Be(new TokenLogProbability(LoopRig.Tokens(plain)[i], known.LogProbability));
        }

        plain.Output.LogProbabilities.Should().BeNull();
    }

    [Fact]
    public void A_stop_id_ends_the_answer_even_past_ends_of_sequence()
    {
        using var rig = new LoopRig();
        var model = rig.AddModel("ending", endOfSequence: [.. Enumerable.Range(0, FakeMath.Vocabulary)]);
        rig.Serve(model: model);
        var free = rig.Submit(LoopRig.Prompt(9, 2), 20, request => request with { IgnoreEndOfSequence = true });
        rig.RunToEnd();
        var tokens = LoopRig.Tokens(free);
        tokens.Should().HaveCount(20);

        var last = tokens[7];
        var stopped = rig.Submit(LoopRig.Prompt(9, 2), 20, request => request with { IgnoreEndOfSequence = true, StopTokenIds = [last] });
        rig.RunToEnd();
        LoopRig.Tokens(stopped).Should().Equal(tokens.Take(Array.IndexOf(tokens, last) + 1));
        LoopRig.Reason(stopped).Should().Be(FinishReason.Stop);
        stopped.Output.Text.SafeLength.Should().Be(Array.IndexOf(tokens, last), "it is a letter a token, and the stop id is none");
    }

    [Fact]
    public void A_processor_that_fails_fails_its_own_request_alone()
    {
        using var rig = new LoopRig().Serve(policy: "top1:0.5");
        var failing = rig.Submit(LoopRig.Prompt(5, 3), 30, request => request with { Sampling = request.Sampling with { LogitsProcessors = [new FailsAt(12)] } });
        var others = Submit(rig, 0.8f);
        rig.RunToEnd();

        LoopRig.Tokens(failing).Should().HaveCount(12 - 5);
        failing.Output.Progress.End!.Error.Should().BeOfType<HeliosException>().Which.Message.Should().Contain("FailsAt failed");
        others.ForEach(LoopRig.MustBeRight);
        rig.MustBeIdle();
    }

    /// <summary>Twelve sequences: every third asks for nothing.</summary>
    private static List<Sequence> Submit(LoopRig rig, float temperature) => [.. Enumerable.Range(0, 12).Select(i => rig.Submit(LoopRig.Prompt(5 + 3 * i, i), 30, request => (i % 3) switch
    {
        0 => request with { Sampling = request.Sampling with { Temperature = temperature, Seed = i } },
        1 => request with { Sampling = request.Sampling with { Temperature = temperature, Seed = i, RepetitionPenalty = 1.4f, PresencePenalty = 0.3f, FrequencyPenalty = 0.2f }, LogProbabilities = 2 },
        _ => request with
        {
            Sampling = request.Sampling with { Temperature = temperature, Seed = i, FrequencyPenalty = -0.1f, LogitBias = new Dictionary<int, float> { [i] = 1.5f, [40] = float.NegativeInfinity }, LogitsProcessors = [new NoRepeat()] },
        },
    }))];

    /// <summary>Forbids the last token.</summary>
    private sealed class NoRepeat : ILogitsProcessor
    {
        public void Process(ReadOnlySpan<int> tokens, Span<float> logits) => logits[tokens[^1]] = float.NegativeInfinity;
    }

    private sealed class FailsAt(int length) : ILogitsProcessor
    {
        public void Process(ReadOnlySpan<int> tokens, Span<float> logits)
        {
            if (tokens.Length == length) throw new InvalidDataException("Too long.");
        }
    }
}
