using Helios.Sdk.Models;
using Helios.Sdk.Serving.Requests;
using Helios.Sdk.Tests.Adaptation;

namespace Helios.Sdk.Tests.Serving.Requests;

public class PromptRulesTests
{
    public static TheoryData<GenerationRequest, string> Bad => new()
    {
        { GenerationRequest.FromMessages([]), "Messages is empty" },
        { GenerationRequest.FromText(""), "empty" },
        { GenerationRequest.FromTokens([]), "empty" },
        { GenerationRequest.FromText("a") with { MaxTokens = 0 }, "MaxTokens is 0" },
        { GenerationRequest.FromText("a") with { MaxTokens = -3 }, "MaxTokens is -3" },
        { GenerationRequest.FromText("a") with { Sampling = new() { Temperature = float.NaN } }, "Temperature is NaN" },
        { GenerationRequest.FromText("a") with { Sampling = new() { Temperature = -0.1f } }, "Temperature is -0.1" },
        { GenerationRequest.FromText("a") with { Sampling = new() { Temperature = float.PositiveInfinity } }, "Temperature" },
        { GenerationRequest.FromText("a") with { Sampling = new() { TopP = 0 } }, "TopP is 0" },
        { GenerationRequest.FromText("a") with { Sampling = new() { TopP = float.NaN } }, "TopP is NaN" },
        { GenerationRequest.FromText("a") with { Sampling = new() { TopP = 1.1f } }, "TopP" },
        { GenerationRequest.FromText("a") with { Sampling = new() { TopK = -1 } }, "TopK is -1" },
        { GenerationRequest.FromText("a") with { MaxQualityGap = double.NaN }, "MaxQualityGap" },
        { GenerationRequest.FromText("a") with { MaxQualityGap = -1 }, "MaxQualityGap is -1" },
        { GenerationRequest.FromText("a") with { Stop = ["x", ""] }, "Stop" },
        { GenerationRequest.FromText("a") with { Stop = null! }, "Stop" },
        { GenerationRequest.FromText("a") with { Stop = [.. Enumerable.Repeat("x", 65)] }, "Stop is more than 64 strings; expected at most 64" },
        { GenerationRequest.FromText("a") with { Stop = ["x", new string('x', 1025)] }, "Stop?1? is 1025 characters long; expected at most 1024" },
        { GenerationRequest.FromText("a") with { Stop = [.. Enumerable.Repeat(new string('x', 1000), 5)] }, "Stop is 5000 characters together; expected at most 4096" },
        { GenerationRequest.FromText("a") with { StopTokenIds = new int[1025] }, "StopTokenIds is more than 1024 ids; expected at most 1024" },
        { GenerationRequest.FromText("a") with { Tenant = new string('t', 257) }, "Tenant is 257 characters long; expected at most 256" },
        { GenerationRequest.FromText("a") with { Tenant = "a\nb" }, "Tenant is a name with control characters; expected a name" },
        { GenerationRequest.FromText("a") with { Model = new string('m', 257) }, "Model is 257 characters long; expected at most 256" },
        { GenerationRequest.FromText("a") with { Model = "a\u001b[31m" }, "Model is a name with control characters; expected the name of a model" },
        { GenerationRequest.FromText("a") with { Model = "" }, "Model is empty" },
        { GenerationRequest.FromMessages([.. Enumerable.Repeat(new ChatTurn("user", "hi"), 10_001)]), "Messages is 10001 messages; expected at most 10000" },
        { GenerationRequest.FromMessages([new ChatTurn("user", new string('x', 3 << 20)), new ChatTurn("user", new string('x', 2 << 20))]), "Messages is 5242880 characters together; expected at most 4194304" },
        { GenerationRequest.FromMessages([new ChatTurn(new string('r', 257), "hi")]), "Role is 257 characters long; expected at most 256" },
        { GenerationRequest.FromText("a") with { Sampling = null! }, "Sampling is null" },
        { GenerationRequest.FromText("a") with { Tenant = "" }, "Tenant" },
        { GenerationRequest.FromText("a") with { Sampling = new() { MinP = -0.1f } }, "MinP is -0.1" },
        { GenerationRequest.FromText("a") with { Sampling = new() { MinP = 1.5f } }, "MinP is 1.5" },
        { GenerationRequest.FromText("a") with { Sampling = new() { MinP = float.NaN } }, "MinP is NaN" },
        { GenerationRequest.FromText("a") with { Sampling = new() { RepetitionPenalty = 0 } }, "RepetitionPenalty is 0; expected a number from 0.1 to 10" },
        { GenerationRequest.FromText("a") with { Sampling = new() { RepetitionPenalty = float.NaN } }, "RepetitionPenalty is NaN" },
        { GenerationRequest.FromText("a") with { Sampling = new() { PresencePenalty = 2.1f } }, "PresencePenalty is 2.1" },
        { GenerationRequest.FromText("a") with { Sampling = new() { FrequencyPenalty = float.NegativeInfinity } }, "FrequencyPenalty" },
        { GenerationRequest.FromText("a") with { Sampling = new() { LogitBias = new Dictionary<int, float> { [5] = 101 } } }, "LogitBias?5? is 101" },
        { GenerationRequest.FromText("a") with { Sampling = new() { LogitBias = new Dictionary<int, float> { [5] = float.NaN } } }, "LogitBias?5? is NaN" },
        { GenerationRequest.FromText("a") with { Sampling = new() { LogitBias = new Dictionary<int, float> { [5] = float.PositiveInfinity } } }, "LogitBias?5?" },
        { GenerationRequest.FromText("a") with { StopTokenIds = null! }, "StopTokenIds" },
        { GenerationRequest.FromText("a") with { LogProbabilities = -1 }, "LogProbabilities is -1" },
        { GenerationRequest.FromText("a") with { LogProbabilities = 21 }, "LogProbabilities is 21" },
        { GenerationRequest.FromText("a") with { Sampling = new() { LogitsProcessors = null! } }, "LogitsProcessors" },
        { GenerationRequest.FromText("a") with { Sampling = new() { LogitsProcessors = [null!] } }, "LogitsProcessors is given a null" },
        { GenerationRequest.FromText("a") with { Priority = (RequestPriority)7 }, "Priority is 7; expected Low, Normal, High" },
        { GenerationRequest.FromText("a") with { FirstTokenWithin = TimeSpan.Zero }, "FirstTokenWithin is 00:00:00; expected above 0" },
        { GenerationRequest.FromText("a") with { CompleteWithin = TimeSpan.FromSeconds(-1) }, "CompleteWithin" },
        { GenerationRequest.FromText("a") with { TimeLimit = TimeSpan.Zero }, "TimeLimit" },
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
        var check = () => RequestRules.Check(GenerationRequest.FromTokens([0]) with { MaxTokens = 1, Sampling = new() { TopP = float.Epsilon }, MaxQualityGap = 0, Stop = ["\n"] });
        check.Should().NotThrow();
        var sampling = () => RequestRules.Check(GenerationRequest.FromText("a") with
        {
            Sampling = new() { MinP = 1, RepetitionPenalty = 0.1f, PresencePenalty = -2, FrequencyPenalty = 2, LogitBias = new Dictionary<int, float> { [0] = float.NegativeInfinity, [1] = -100 } },
            LogProbabilities = 20,
        });
        sampling.Should().NotThrow();
        var stops = () => RequestRules.Check(GenerationRequest.FromText("a") with
        {
            Stop = [.. Enumerable.Repeat(new string('x', 1024), 3), .. Enumerable.Repeat(new string('x', 16), 60), new string('x', 64)],
            StopTokenIds = new int[1024],
            Tenant = new string('t', 256),
        });
        stops.Should().NotThrow();
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
        { GenerationRequest.FromText("a") with { Sampling = new() { LogitBias = new Dictionary<int, float> { [3] = 1, [32] = 1 } } }, "LogitBias is given for token 32; expected an id of 'm', 0 to 31" },
        { GenerationRequest.FromText("a") with { Sampling = new() { LogitBias = new Dictionary<int, float> { [-1] = 1 } } }, "LogitBias is given for token -1" },
        { GenerationRequest.FromText("a") with { StopTokenIds = [31, 32] }, "StopTokenIds is given for token 32" },
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
        var small = model with { Architecture = model.Architecture with { Embedding = model.Architecture.Embedding with { VocabularySize = 7 } } };
        var check = () => PromptRules.CheckVocabulary(GenerationRequest.FromText("a") with { LogProbabilities = 8 }, small);
        check.Should().Throw<ArgumentException>().WithMessage("LogProbabilities is 8; expected at most the 7 tokens*");
    }
}
