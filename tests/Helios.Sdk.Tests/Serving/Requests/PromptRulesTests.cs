using Helios.Sdk.Serving.Requests;
using Helios.Sdk.Tests.Adaptation;

namespace Helios.Sdk.Tests.Serving.Requests;

public class PromptRulesTests
{
    public static TheoryData<GenerationRequest, string> Bad => new()
    {
        { new GenerationRequest(), "Prompt" },
        { new GenerationRequest { Prompt = "a", TokenIds = [1] }, "TokenIds" },
        { new GenerationRequest { Prompt = "" }, "empty" },
        { new GenerationRequest { TokenIds = [] }, "empty" },
        { new GenerationRequest { Prompt = "a", MaxTokens = 0 }, "MaxTokens is 0" },
        { new GenerationRequest { Prompt = "a", MaxTokens = -3 }, "MaxTokens is -3" },
        { new GenerationRequest { Prompt = "a", Temperature = float.NaN }, "Temperature is NaN" },
        { new GenerationRequest { Prompt = "a", Temperature = -0.1f }, "Temperature is -0.1" },
        { new GenerationRequest { Prompt = "a", Temperature = float.PositiveInfinity }, "Temperature" },
        { new GenerationRequest { Prompt = "a", TopP = 0 }, "TopP is 0" },
        { new GenerationRequest { Prompt = "a", TopP = float.NaN }, "TopP is NaN" },
        { new GenerationRequest { Prompt = "a", TopP = 1.1f }, "TopP" },
        { new GenerationRequest { Prompt = "a", TopK = -1 }, "TopK is -1" },
        { new GenerationRequest { Prompt = "a", MaxQualityGap = double.NaN }, "MaxQualityGap" },
        { new GenerationRequest { Prompt = "a", MaxQualityGap = -1 }, "MaxQualityGap is -1" },
        { new GenerationRequest { Prompt = "a", Stop = ["x", ""] }, "Stop" },
        { new GenerationRequest { Prompt = "a", Stop = default }, "Stop" },
        { new GenerationRequest { Prompt = "a", Tenant = "" }, "Tenant" },
        { new GenerationRequest { Prompt = "a", MinP = -0.1f }, "MinP is -0.1" },
        { new GenerationRequest { Prompt = "a", MinP = 1.5f }, "MinP is 1.5" },
        { new GenerationRequest { Prompt = "a", MinP = float.NaN }, "MinP is NaN" },
        { new GenerationRequest { Prompt = "a", RepetitionPenalty = 0 }, "RepetitionPenalty is 0; expected a number from 0.1 to 10" },
        { new GenerationRequest { Prompt = "a", RepetitionPenalty = float.NaN }, "RepetitionPenalty is NaN" },
        { new GenerationRequest { Prompt = "a", PresencePenalty = 2.1f }, "PresencePenalty is 2.1" },
        { new GenerationRequest { Prompt = "a", FrequencyPenalty = float.NegativeInfinity }, "FrequencyPenalty" },
        { new GenerationRequest { Prompt = "a", LogitBias = new Dictionary<int, float> { [5] = 101 } }, "LogitBias?5? is 101" },
        { new GenerationRequest { Prompt = "a", LogitBias = new Dictionary<int, float> { [5] = float.NaN } }, "LogitBias?5? is NaN" },
        { new GenerationRequest { Prompt = "a", LogitBias = new Dictionary<int, float> { [5] = float.PositiveInfinity } }, "LogitBias?5?" },
        { new GenerationRequest { Prompt = "a", StopTokenIds = default }, "StopTokenIds" },
        { new GenerationRequest { Prompt = "a", LogProbabilities = -1 }, "LogProbabilities is -1" },
        { new GenerationRequest { Prompt = "a", LogProbabilities = 21 }, "LogProbabilities is 21" },
        { new GenerationRequest { Prompt = "a", LogitsProcessors = default }, "LogitsProcessors" },
        { new GenerationRequest { Prompt = "a", LogitsProcessors = [null!] }, "LogitsProcessors holds a null" },
        { new GenerationRequest { Prompt = "a", Priority = (RequestPriority)7 }, "Priority is 7; expected Low, Normal, High" },
        { new GenerationRequest { Prompt = "a", FirstTokenWithin = TimeSpan.Zero }, "FirstTokenWithin is 00:00:00; expected above 0" },
        { new GenerationRequest { Prompt = "a", CompleteWithin = TimeSpan.FromSeconds(-1) }, "CompleteWithin" },
        { new GenerationRequest { Prompt = "a", TimeLimit = TimeSpan.Zero }, "TimeLimit" },
    };

    [Theory]
    [MemberData(nameof(Bad))]
    public void A_bad_request_is_refused_with_the_option_by_name(GenerationRequest request, string named)
    {
        var check = () => RequestRules.Check(request);
        check.Should().Throw<ArgumentException>().WithMessage($"*{named}*");
    }

    [Fact]
    public void A_request_at_its_limits_is_fine()
    {
        var check = () => RequestRules.Check(new GenerationRequest { TokenIds = [0], MaxTokens = 1, TopP = float.Epsilon, MaxQualityGap = 0, Stop = ["\n"] });
        check.Should().NotThrow();
        var sampling = () => RequestRules.Check(new GenerationRequest
        {
            Prompt = "a",
            MinP = 1,
            RepetitionPenalty = 0.1f,
            PresencePenalty = -2,
            FrequencyPenalty = 2,
            LogitBias = new Dictionary<int, float> { [0] = float.NegativeInfinity, [1] = -100 },
            LogProbabilities = 20,
        });
        sampling.Should().NotThrow();
    }

    [Theory]
    [InlineData(-1)]
    [InlineData(32)]
    [InlineData(int.MaxValue)]
    public void An_id_outside_the_vocabulary_is_named_with_its_place(int id)
    {
        var check = () => PromptRules.CheckIds([0, 31, id], Sample.Model());
        check.Should().Throw<ArgumentException>().WithMessage($"TokenIds?2? is {id}*0 to 31*");
    }

    public static TheoryData<GenerationRequest, string> Foreign => new()
    {
        { new GenerationRequest { LogitBias = new Dictionary<int, float> { [3] = 1, [32] = 1 } }, "LogitBias names token 32*0 to 31" },
        { new GenerationRequest { LogitBias = new Dictionary<int, float> { [-1] = 1 } }, "LogitBias names token -1" },
        { new GenerationRequest { StopTokenIds = [31, 32] }, "StopTokenIds names token 32" },
    };

    [Theory]
    [MemberData(nameof(Foreign))]
    public void What_is_said_of_tokens_is_held_against_the_vocabulary(GenerationRequest request, string named)
    {
        var check = () => PromptRules.CheckVocabulary(request, Sample.Model());
        check.Should().Throw<ArgumentException>().WithMessage($"*{named}*");
    }

    [Fact]
    public void There_are_no_more_log_probabilities_than_tokens()
    {
        var model = Sample.Model();
        var small = model with { Architecture = model.Architecture with { VocabularySize = 7 } };
        var check = () => PromptRules.CheckVocabulary(new GenerationRequest { LogProbabilities = 8 }, small);
        check.Should().Throw<ArgumentException>().WithMessage("LogProbabilities is 8; expected at most the 7 tokens*");
    }
}
