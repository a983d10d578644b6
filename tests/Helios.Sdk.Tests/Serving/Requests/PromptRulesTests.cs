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
        { new GenerationRequest { Prompt = "a", Priority = (RequestPriority)7 }, "Priority is 7; expected Low, Normal, High" },
        { new GenerationRequest { Prompt = "a", FirstTokenWithin = TimeSpan.Zero }, "FirstTokenWithin is 00:00:00; expected above 0" },
        { new GenerationRequest { Prompt = "a", CompleteWithin = TimeSpan.FromSeconds(-1) }, "CompleteWithin" },
        { new GenerationRequest { Prompt = "a", TimeLimit = TimeSpan.Zero }, "TimeLimit" },
    };

    [Theory]
    [MemberData(nameof(Bad))]
    public void A_bad_request_is_refused_with_the_option_by_name(GenerationRequest request, string named)
    {
        var check = () => PromptRules.Check(request);
        check.Should().Throw<ArgumentException>().WithMessage($"*{named}*");
    }

    [Fact]
    public void A_request_at_its_limits_is_fine()
    {
        var check = () => PromptRules.Check(new GenerationRequest { TokenIds = [0], MaxTokens = 1, TopP = float.Epsilon, MaxQualityGap = 0, Stop = ["\n"] });
        check.Should().NotThrow();
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
}
