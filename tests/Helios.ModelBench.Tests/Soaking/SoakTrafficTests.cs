using Helios.ModelBench.Soaking;
using Helios.Sdk.Tokenization;

namespace Helios.ModelBench.Tests.Soaking;

public sealed class SoakTrafficTests
{
    private static readonly SoakModel[] Models =
    [
        new("tiny-s", TestData.TinyS, TokenizerFiles.Load(TestData.TinyS), 256),
        new("stories", TestData.Stories, TokenizerFiles.Load(TestData.Stories), 96),
    ];

    private static readonly SoakRequest[] Requests = Make(seed: 1);

    [Fact]
    public void Every_request_fits_every_model() => Requests.Should().AllSatisfy(request =>
        Models.Should().AllSatisfy(model => (model.Tokenizer.Encode(request.Request.Prompt!).Count + request.Request.MaxTokens).Should().BeLessThanOrEqualTo(96)));

    [Fact]
    public void An_answer_can_be_had_again() =>
        Requests.Where(request => request.Request.Sampling.Temperature > 0).Should().NotBeEmpty().And.OnlyContain(request => request.Request.Sampling.Seed != null);

    [Fact]
    public void A_stream_says_what_answers_it() =>
        Requests.Where(request => request.Streamed).Should().NotBeEmpty().And.OnlyContain(request => request.Request.FullDepth && request.Request.Model != null);

    [Fact]
    public void There_is_some_of_everything()
    {
        Requests.Should().Contain(request => request.GivesUpAfter != null).And.Contain(request => request.LeavesAfter != null);
        Requests.Should().Contain(request => request.Request.MaxQualityGap != null).And.Contain(request => !request.Streamed && request.Request.FullDepth);
        Requests.Should().Contain(request => request.Request.Stop.Count > 0);
        Requests.Select(request => request.Request.Tenant).Distinct(StringComparer.Ordinal).Should().HaveCountGreaterThan(4).And.Contain((string?)null);
    }

    [Fact]
    public void A_seed_gives_the_same_requests() =>
        Make(seed: 1).Select(request => request.Request.Prompt).Should().Equal(Requests.Select(request => request.Request.Prompt))
            .And.NotEqual(Make(seed: 2).Select(request => request.Request.Prompt));

    private static SoakRequest[] Make(int seed)
    {
        var traffic = new SoakTraffic(Models, seed);
        return [.. Enumerable.Range(0, 300).Select(_ => traffic.Next())];
    }
}
