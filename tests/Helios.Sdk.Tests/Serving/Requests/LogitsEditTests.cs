using FsCheck;
using FsCheck.Fluent;
using Helios.Sdk.Scheduling;
using Helios.Sdk.Serving.Requests;
using Helios.Sdk.Serving.Streaming;
using Helios.Sdk.Tests.Serving.Decoding;
using Helios.Sdk.Tests.Serving.Fakes;

namespace Helios.Sdk.Tests.Serving.Requests;

public class LogitsEditTests
{
    private static readonly GenerationRequest Plain = GenerationRequest.FromText("x") with { MaxTokens = 64 };

    public static TheoryData<string, GenerationRequest, float[]> Cases => new()
    {
        // Prompt 0 1, answer 1 1 2; the model says 2, -2, 1, 0.5, -1.
        { "positive logits are divided, negative ones multiplied, once each, those of the prompt too", Plain with { Sampling = Plain.Sampling with { RepetitionPenalty = 2 } }, [1, -4, 0.5f, 0.5f, -1] },
        { "below 1 it rewards", Plain with { Sampling = Plain.Sampling with { RepetitionPenalty = 0.5f } }, [4, -1, 2, 0.5f, -1] },
        { "presence counts once and in the answer alone", Plain with { Sampling = Plain.Sampling with { PresencePenalty = 0.5f } }, [2, -2.5f, 0.5f, 0.5f, -1] },
        { "frequency counts every time, in the answer alone", Plain with { Sampling = Plain.Sampling with { FrequencyPenalty = 0.25f } }, [2, -2.5f, 0.75f, 0.5f, -1] },
        { "negative ones reward", Plain with { Sampling = Plain.Sampling with { PresencePenalty = -1, FrequencyPenalty = -0.5f } }, [2, 0, 2.5f, 0.5f, -1] },
        { "bias is added", Plain with { Sampling = Plain.Sampling with { LogitBias = Bias((3, -0.5f), (4, 100)) } }, [2, -2, 1, 0, 99] },
        { "bias forbids", Plain with { Sampling = Plain.Sampling with { LogitBias = Bias((0, float.NegativeInfinity)) } }, [float.NegativeInfinity, -2, 1, 0.5f, -1] },
        { "repetition comes before presence and frequency", Plain with { Sampling = Plain.Sampling with { RepetitionPenalty = 2, PresencePenalty = 0.5f, FrequencyPenalty = 0.25f } }, [1, -5, -0.25f, 0.5f, -1] },
        { "bias comes after repetition", Plain with { Sampling = Plain.Sampling with { RepetitionPenalty = 2, LogitBias = Bias((1, 3), (2, -3)) } }, [1, -1, -2.5f, 0.5f, -1] },
        { "processors come last, in order", Plain with { Sampling = Plain.Sampling with { FrequencyPenalty = 0.25f, LogitBias = Bias((3, 1)), LogitsProcessors = [new Doubling(), new Adding(1)] } }, [5, -4, 2.5f, 4, -1] },
        { "and the other way round", Plain with { Sampling = Plain.Sampling with { LogitsProcessors = [new Adding(1), new Doubling()] } }, [6, -2, 4, 3, 0] },
    };

    [Theory]
    [MemberData(nameof(Cases))]
    public void Logits_are_what_the_formulas_say(string rule, GenerationRequest request, float[] expected)
    {
        var sequence = Make(request, [0, 1], 1, 1, 2);
        var logits = new[] { 2, -2, 1, 0.5f, -1 };
        sequence.Edit!.Edit(4, logits);
        logits.Should().Equal(expected, rule);
        sequence.Edit.FailureAt(4).Should().BeNull();
    }

    [Fact]
    public void A_request_that_asks_for_nothing_has_no_edit()
    {
        Make(Plain, [0]).Edit.Should().BeNull();
        Make(Plain with { Sampling = Plain.Sampling with { Temperature = 1, MinP = 0.1f, TopK = 4, LogitBias = Bias() }, LogProbabilities = 3 }, [0]).Edit.Should().BeNull();
    }

    [Fact]
    public void A_bias_for_a_token_that_the_model_lacks_has_no_effect()
    {
        var sequence = Make(Plain with { Sampling = Plain.Sampling with { LogitBias = Bias((5, 3), (1, 1)) } }, [0, 1]);
        var logits = new float[5];
        sequence.Edit!.Edit(1, logits);
        logits.Should().Equal(0, 1, 0, 0, 0);
    }

    [Fact]
    public void Whatever_is_known_drafted_and_taken_back_a_position_is_edited_as_if_its_tokens_were_known()
    {
        var steps = Gen.ListOf(Gen.Choose(0, 9).Zip(Gen.Choose(0, 7)));
        Check.One(Config.QuickThrowOnFailure.WithMaxTest(400), Prop.ForAll(steps.ToArbitrary(), list =>
        {
            var request = Plain with { Sampling = Plain.Sampling with { RepetitionPenalty = 1.3f, PresencePenalty = 0.4f, FrequencyPenalty = 0.2f, LogitsProcessors = [new LastTokens()] } };
            var sequence = Make(request, [3, 1, 3]);
            List<int> drafts = [];
            foreach (var (kind, token) in list)
            {
                if (sequence.Known + drafts.Count == sequence.Capacity) drafts.Clear();
                switch (kind)
                {
                    case 0 or 1 when sequence.Known < sequence.Capacity:
                        sequence.Append(token);
                        drafts.Clear();
                        break;
                    case 2:
                        sequence.Edit!.TakeBack();
                        drafts.Clear();
                        break;
                    case 3 or 4 or 5 when sequence.Known + drafts.Count < sequence.Capacity:
                        sequence.Edit!.Draft(token);
                        drafts.Add(token);
                        break;
                    default:
                        MustEditAsKnown(sequence, [.. sequence.Tokens, .. drafts], (kind + token) * 31 % (sequence.Known + drafts.Count));
                        break;
                }
            }
        }));
    }

    [Fact]
    public void Rows_of_one_sequence_may_come_in_any_order()
    {
        var sequence = Make(Plain with { Sampling = Plain.Sampling with { FrequencyPenalty = 0.5f, LogitsProcessors = [new LastTokens()] } }, [0, 1], 2, 3, 2);
        foreach (var token in new[] { 4, 4, 2 }) sequence.Edit!.Draft(token);
        foreach (var position in new[] { 7, 2, 5, 4, 7, 1, 6, 3 }) MustEditAsKnown(sequence, [0, 1, 2, 3, 2, 4, 4, 2], position);
    }

    [Theory]
    [InlineData(float.NaN, "the logit of token 0 NaN")]
    [InlineData(float.PositiveInfinity, "the logit of token 0 *expected a finite number")]
    [InlineData(float.NegativeInfinity, "forbids every token")]
    public void A_processor_that_leaves_nothing_of_use_fails_the_position_and_says_so(float value, string named)
    {
        var sequence = Make(Plain with { Sampling = Plain.Sampling with { LogitsProcessors = [new Doubling(), new Filling(value)] } }, [0, 1], 2);
        var logits = new float[] { 1, 2, 3 };
        sequence.Edit!.Edit(2, logits);
        sequence.Edit.FailureAt(2)!.Message.Should().StartWith(nameof(Filling)).And.Match($"*{named}*");
        sequence.Edit.FailureAt(1).Should().BeNull();
        logits.Should().OnlyContain(logit => float.IsFinite(logit), "the backend must have something to draw from");
    }

    [Fact]
    public void A_bias_that_forbids_every_token_fails_the_position()
    {
        var sequence = Make(Plain with { Sampling = Plain.Sampling with { LogitBias = Bias((0, float.NegativeInfinity), (1, float.NegativeInfinity)) } }, [0, 1]);
        sequence.Edit!.Edit(1, new float[2]);
        sequence.Edit.FailureAt(1)!.Message.Should().Match("LogitBias forbids every token*");
    }

    [Fact]
    public void A_processor_that_throws_fails_the_position_until_it_is_edited_without()
    {
        var processor = new Throwing { Throws = true };
        var sequence = Make(Plain with { Sampling = Plain.Sampling with { LogitsProcessors = [processor] } }, [0, 1]);
        sequence.Edit!.Edit(1, new float[3]);
        var failure = sequence.Edit.FailureAt(1)!;
        failure.Message.Should().Be("The logits processor Throwing failed: Out of ink.");
        failure.InnerException.Should().BeOfType<InvalidDataException>();

        processor.Throws = false;
        sequence.Edit.Edit(1, new float[3]);
        sequence.Edit.FailureAt(1).Should().BeNull("what was drafted and failed may be known and right");
    }

    [Fact]
    public void A_position_beyond_the_tokens_fails_itself_alone()
    {
        var sequence = Make(Plain with { Sampling = Plain.Sampling with { PresencePenalty = 1 } }, [0, 1]);
        sequence.Edit!.Edit(5, new float[3]);
        sequence.Edit.FailureAt(5).Should().NotBeNull();
        MustEditAsKnown(sequence, [0, 1], 1);
    }

    private static void MustEditAsKnown(Sequence sequence, int[] tokens, int position)
    {
        var logits = Enumerable.Range(0, 10).Select(id => id - 4.5f).ToArray();
        var expected = logits.ToArray();
        ReferenceEdit.Apply(sequence.Request, tokens[..(position + 1)], sequence.PromptLength, expected);
        sequence.Edit!.Edit(position, logits);
        sequence.Edit.FailureAt(position).Should().BeNull();
        logits.Zip(expected).Should().OnlyContain(pair => Math.Abs(pair.First - pair.Second) < 1e-5);
    }

    private static Dictionary<int, float> Bias(params (int Id, float Bias)[] biases) => biases.ToDictionary(pair => pair.Id, pair => pair.Bias);

    private static Sequence Make(GenerationRequest request, int[] prompt, params int[] answer)
    {
        var output = new TokenStream(new FakeTokenizer(), StopStrings.Of(request.Stop)) { LogProbabilities = AnswerLogProbabilities.For(request) };
        var sequence = new Sequence(new RequestId(1), request, seed: 1, new EncodedPrompt(prompt, "fake"), output, arrivedAt: 0);
        foreach (var token in answer) sequence.Append(token);
        return sequence;
    }

    private sealed class Doubling : ILogitsProcessor
    {
        public void Process(ReadOnlySpan<int> tokens, Span<float> logits)
        {
            foreach (ref var logit in logits) logit *= 2;
        }
    }

    private sealed class Adding(float value) : ILogitsProcessor
    {
        public void Process(ReadOnlySpan<int> tokens, Span<float> logits)
        {
            foreach (ref var logit in logits) logit += value;
        }
    }

    private sealed class Filling(float value) : ILogitsProcessor
    {
        public void Process(ReadOnlySpan<int> tokens, Span<float> logits) => logits.Fill(value);
    }

    private sealed class Throwing : ILogitsProcessor
    {
        public bool Throws { get; set; }

        public void Process(ReadOnlySpan<int> tokens, Span<float> logits)
        {
            if (Throws) throw new InvalidDataException("Out of ink.");
        }
    }

    /// <summary>Depends on the last three tokens and on how many there are.</summary>
    private sealed class LastTokens : ILogitsProcessor
    {
        public void Process(ReadOnlySpan<int> tokens, Span<float> logits)
        {
            for (var back = 1; back <= Math.Min(3, tokens.Length); back++) logits[tokens[^back]] += back * tokens.Length;
        }
    }
}
