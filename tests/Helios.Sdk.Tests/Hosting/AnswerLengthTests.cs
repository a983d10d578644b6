using Helios.Sdk.ExitPolicies;
using Helios.Sdk.Models;
using Helios.Sdk.Serving.Routing;
using Helios.Sdk.Tests.Checkpoints;
using Helios.Sdk.Tests.Hosting.Chat;
using Microsoft.Extensions.AI;

namespace Helios.Sdk.Tests.Hosting;

/// <summary>A limit that nobody named is what fits; one that was named is kept or refused.</summary>
public class AnswerLengthTests
{
    /// <summary>Of tiny-s.</summary>
    private const int Context = 256;

    [Theory]
    [InlineData(10, Context - 10)]
    [InlineData(Context - 5, 5)]
    [InlineData(Context - 1, 1)]
    public async Task Without_a_limit_an_answer_takes_what_fits(int prompt, int expected)
    {
        await using var engine = await TestEngine.ServeAsync("tiny-s");
        var answer = await engine.AskAsync(Request(prompt) with { LogProbabilities = 1 });
        answer.TokenIds.Should().HaveCount(expected);
        answer.LogProbabilities.Should().HaveCount(expected);
        answer.FinishReason.Should().Be(FinishReason.Length);
        (await engine.Engine.GenerateAsync(Request(prompt), 2).WaitAsync(TestEngine.Patience)).Should().OnlyContain(sample => sample.TokenIds.Count == expected);
        engine.MustBeIdle();
    }

    [Theory]
    [InlineData(Context - 5, 6, "MaxTokens is 6; expected at most 5: 251 of the 256 tokens in the context of 'tiny-s' are the prompt's.*")]
    [InlineData(Context - 1, int.MaxValue, "MaxTokens is 2147483647; expected at most 1: 255 of the 256 tokens in the context of 'tiny-s' are the prompt's.*")]
    [InlineData(Context, null, "TokenIds is 256 tokens; expected fewer than 256, the context of 'tiny-s', for an answer to fit.*")]
    public async Task What_does_not_fit_is_refused(int prompt, int? maxTokens, string message)
    {
        await using var engine = await TestEngine.ServeAsync("tiny-s");
        var ask = () => engine.AskAsync(Request(prompt) with { MaxTokens = maxTokens });
        await ask.Should().ThrowAsync<ArgumentException>().WithMessage(message);
    }

    [Fact]
    public async Task A_chat_without_a_limit_takes_what_fits()
    {
        using var folder = ChatFolders.Create();
        await using var engine = await ChatFolders.ServeAsync(folder);
        var options = new ChatOptions { RawRepresentationFactory = _ => GenerationRequest.FromMessages([]) with { IgnoreEndOfSequence = true } };
        var said = string.Concat(Enumerable.Repeat("Once upon a time there was a cat. ", 24));
        var answer = await engine.Engine.AsIChatClient().GetResponseAsync(said, options).WaitAsync(TestEngine.Patience);
        answer.Usage!.TotalTokenCount.Should().Be(Context);
        answer.FinishReason.Should().Be(ChatFinishReason.Length);

        options.MaxOutputTokens = 128;
        var named = () => engine.Engine.AsIChatClient().GetResponseAsync(said, options);
        await named.Should().ThrowAsync<ArgumentException>().WithMessage("MaxTokens is 128; expected at most *: * tokens in the context of *");
    }

    [Fact]
    public async Task A_smaller_context_that_takes_over_counts()
    {
        using var small = ChatFolders.Create();
        var config = Path.Combine(small.Path, "config.json");
        await File.WriteAllTextAsync(config, (await File.ReadAllTextAsync(config)).Replace("\"max_position_embeddings\": 256", "\"max_position_embeddings\": 16", StringComparison.Ordinal));
        await using var engine = TestEngine.Build(builder => builder.AddModel(TestData.Model("tiny-s")).AddModel(small.Path, "small").ServeFixed());
        await engine.Engine.Ready.WaitAsync(TestEngine.Patience);
        var lease = (ModelLease)((AcquireResult.Acquired)await engine.Engine.Pool.AcquireAsync(new LoadTarget("small", 6))).Lease;
        using var gate = new ManualResetEventSlim();
        var held = engine.Engine.Parts.Device.Work.RunUrgentAsync(() => gate.Wait(TestEngine.Patience));
        var waiting = engine.AskAsync(Request(10));
        var tooLong = engine.AskAsync(Request(16));
        var named = engine.AskAsync(Request(10) with { MaxTokens = 7 });

        engine.Engine.Parts.Adaptation.Switcher.Publish(new Route(new OperatingPoint(lease.Target, "none"), lease, ExitPolicyParser.Parse("none")));
        gate.Set();
        (await held.WaitAsync(TestEngine.Patience)).Should().BeTrue();

        var answer = await waiting;
        answer.Point!.Target.Model.Should().Be("small");
        answer.TokenIds.Should().HaveCount(6);
        await tooLong.Awaiting(late => late).Should().ThrowAsync<HeliosException>().WithMessage("TokenIds is 16 tokens; expected fewer than 16, the context of 'small', for an answer to fit.");
        await named.Awaiting(late => late).Should().ThrowAsync<HeliosException>().WithMessage("MaxTokens is 7; expected at most 6: 10 of the 16 tokens in the context of 'small' are the prompt's.");
        engine.MustBeIdle();
    }

    private static GenerationRequest Request(int prompt) => GenerationRequest.FromTokens([.. Enumerable.Range(5, prompt)]) with { IgnoreEndOfSequence = true };
}
