using Helios.Sdk.Tests.Hosting;
using Microsoft.Extensions.AI;

namespace Helios.Sdk.Tests.Testing;

/// <summary>The real engine over models that have a script in place of weights.</summary>
public class ScriptedModelTests
{
    [Fact]
    public async Task Many_requests_at_once_are_each_given_their_answer_in_little_memory()
    {
        const int Requests = 24;
        using var model = new ScriptedModel("echo");
        for (var i = 0; i < Requests; i++) model.Answer(Question(i), AnswerTo(i));
        await using var engine = HeliosEngine.CreateBuilder().UseScripted(model).ServeFixed().UseMemoryBudget(96 << 10).Configure(options => options.Serving.KvSlabBytes = 1 << 12).Build();

        var answers = await Task.WhenAll(Enumerable.Range(0, Requests).Select(i => engine.GenerateAsync(GenerationRequest.FromText(Question(i)) with { MaxTokens = 512 }))).WaitAsync(TestEngine.Patience);

        answers.Select(answer => answer.Text).Should().Equal(Enumerable.Range(0, Requests).Select(AnswerTo));
        answers.Should().OnlyContain(answer => answer.FinishReason == FinishReason.Stop);
    }

    [Fact]
    public async Task Other_prompts_get_the_other_answer_and_bias_holds()
    {
        using var model = new ScriptedModel("other").Otherwise("No idea.");
        await using var engine = HeliosEngine.CreateBuilder().UseScripted(model).ServeFixed().Build();
        var request = GenerationRequest.FromText("What?") with { LogProbabilities = 3 };
        var answer = await engine.GenerateAsync(request).WaitAsync(TestEngine.Patience);
        answer.Text.Should().Be("No idea.");
        answer.LogProbabilities[0].Likeliest.Select(token => token.TokenId).Should().Equal('N', 0, 1);

        var biased = await engine.GenerateAsync(request with { MaxTokens = 1, Sampling = request.Sampling with { LogitBias = new Dictionary<int, float> { ['N'] = float.NegativeInfinity, ['Y'] = 50 } } }).WaitAsync(TestEngine.Patience);
        biased.Text.Should().Be("Y");
    }

    [Fact]
    public async Task Conversations_are_prompts_of_lines()
    {
        using var model = new ScriptedModel("chatty").Answer("system: Be brief.\nuser: How is it?\nassistant: ", "It is fine.");
        await using var engine = HeliosEngine.CreateBuilder().UseScripted(model).ServeFixed().Build();
        ChatMessage[] conversation = [new(ChatRole.System, "Be brief."), new(ChatRole.User, "How is it?")];
        (await engine.AsIChatClient().GetResponseAsync(conversation).WaitAsync(TestEngine.Patience)).Text.Should().Be("It is fine.");
    }

    [Fact]
    public async Task Lossless_drafts_change_nothing()
    {
        using var model = new ScriptedModel("drafts", layers: 6, exits: [2])
        {
            SettledAt = text => text.EndsWith('o') ? 6 : 1,
        }.Answer("Say it", ": one hobbit goes south to Mordor");
        await using var engine = HeliosEngine.CreateBuilder().UseScripted(model).ServeFixed().Configure(options => options.Serving.DraftDepth = 2).Build();
        var answer = await engine.GenerateAsync(GenerationRequest.FromText("Say it")).WaitAsync(TestEngine.Patience);
        answer.Text.Should().Be(": one hobbit goes south to Mordor");
    }

    [Fact]
    public async Task The_adaptation_loop_chooses_the_shallowest_depth_that_is_right()
    {
        var clock = new ManualClock();
        using var model = new ScriptedModel("layered", layers: 8, exits: [2, 4])
        {
            SettledAt = static _ => 4,
            LayerTime = TimeSpan.FromMilliseconds(2),
        }.Otherwise(" and so it went on and on, until it ended.");
        await using var engine = HeliosEngine.CreateBuilder()
            .UseTime(clock)
            .UseScripted(clock, model)
            .LoadPartially(confidenceTarget: 0.7)
            .Reassess(everyRequests: 10)
            .Configure(options => options.Adaptation.MinimumResidenceRequests = 1)
            .Build();

        for (var asked = 0; asked < 400 && engine.Snapshot.Serving?.Target.Depth != 4; asked++)
            await engine.GenerateAsync(GenerationRequest.FromText($"Tale {asked}")).WaitAsync(TestEngine.Patience);

        engine.Snapshot.Serving.Should().Be(new OperatingPoint(new LoadTarget("layered", 4)));
        engine.Decisions.Should().NotBeEmpty();
    }

    [Fact]
    public void Its_folder_goes_with_it()
    {
        var model = new ScriptedModel("gone");
        Directory.GetFiles(model.Path).Should().HaveCount(5);
        model.Dispose();
        model.Dispose();
        Directory.Exists(model.Path).Should().BeFalse();
        var wrong = () => new ScriptedModel("wrong", layers: 4, exits: [2, 4]);
        wrong.Should().Throw<ArgumentException>().WithMessage("Exits are 2, 4; expected ascending depths from 1 to 3.*");
    }

    private static string Question(int i) => $"Question {i:00} {new string('.', i)}";

    private static string AnswerTo(int i) => $" answer {i:00}{new string('!', 300)} äöü 🎈";
}
