namespace Helios.Sdk.Tests.Testing;

/// <summary>The examples of the package's README, line by line.</summary>
public class ReadmeExamplesTests
{
    [Fact]
    public async Task A_scripted_client_answers()
    {
        var clock = new ManualClock();
        var client = new ScriptedHeliosClient(clock)
            .Answer(ScriptedAnswer.Of("It rained all day.") with { FirstTokenAfter = TimeSpan.FromSeconds(2) })
            .Fail(new ServerBusyException("The queue is full."));

        var answering = client.GenerateAsync(GenerationRequest.FromText("How was the weather?"));
        clock.Advance(TimeSpan.FromSeconds(2));
        var answer = await answering;

        Assert.Equal("It rained all day.", answer.Text);
        Assert.Equal(TimeSpan.FromSeconds(2), answer.TimeToFirstToken);
        Assert.Equal("How was the weather?", client.Requests[0].Prompt);
    }

    [Fact]
    public async Task A_scripted_model_runs_under_the_engine()
    {
        using var model = new ScriptedModel("storyteller", layers: 6, exits: [2, 4])
        {
            SettledAt = text => text.EndsWith("time", StringComparison.Ordinal) ? 6 : 2,
        }.Answer("Once upon a time", " there was a fox.");

        await using var engine = HeliosEngine.CreateBuilder()
            .UseScripted(model)
            .ServeFixed(exitPolicy: "top1:0.9")
            .Build();
        var result = await engine.GenerateAsync(GenerationRequest.FromText("Once upon a time"));

        Assert.Equal(" there was a fox.", result.Text);
        Assert.Equal([6, 2, 2], result.ExitDepths.Take(3));
    }

    [Fact]
    public void The_readme_shows_what_is_tested_here()
    {
        var here = Lines(File.ReadAllText(Path.Combine(TestData.Root, "tests/Helios.Sdk.Tests/Testing/ReadmeExamplesTests.cs")));
        var shown = File.ReadAllText(Path.Combine(TestData.Root, "src/Helios.Sdk.Testing/README.md")).Split("```csharp").Skip(1).Select(block => Lines(block.Split("```")[0])).ToList();
        shown.Should().HaveCount(2);
        shown.Should().AllSatisfy(example => here.Should().Contain(example));
    }

    private static string Lines(string code) => string.Join('\n', code.Split('\n', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries));
}
