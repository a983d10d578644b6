using Helios.Sdk.Lab;

namespace Helios.Sdk.Tests.Hosting;

/// <summary>Scoring runs on the device thread for callers that do not stop when the engine does.</summary>
public class ScoringAndStoppingTests
{
    [Fact]
    public async Task An_engine_that_stops_before_anything_serves_has_not_failed()
    {
        for (var i = 0; i < 30; i++)
        {
            // What it does last is to see that nothing was logged as an error.
            await using var engine = TestEngine.Build(builder => builder.AddModel(TestData.Model("tiny-s")).ServeFixed(4));
        }
    }

    [Fact]
    public async Task Stopping_ends_scoring_first_and_frees_everything()
    {
        await using var engine = TestEngine.Build(builder => builder.AddModel(TestData.Model("tiny-m")).ServeFixed(depth: 3));
        await engine.Engine.Ready;
        int[] ids = [.. Enumerable.Range(1, 200)];
        var scores = Enumerable.Range(0, 8).Select(_ => Task.Run(() => engine.Engine.Lab.ScoreAsync("tiny-m", ids))).ToList();
        await Task.WhenAny(scores);

        await engine.Engine.StopAsync().WaitAsync(TestEngine.Patience);

        engine.Backend.AllocatedBytes.Should().Be(0);
        foreach (var score in scores)
        {
            var error = await Record.ExceptionAsync(() => score.WaitAsync(TestEngine.Patience));
            if (error is not null) error.Should().Match(thrown => thrown is HeliosException || thrown is ObjectDisposedException);
        }
    }

    [Fact]
    public async Task Scores_asked_for_at_once_are_those_asked_for_alone()
    {
        await using var engine = TestEngine.Build(builder => builder.AddModel(TestData.Model("tiny-s")).ServeFixed(depth: 2));
        int[][] texts = [[.. Enumerable.Range(1, 60)], [.. Enumerable.Range(500, 90)], [7]];
        var alone = new List<SequenceScore>();
        foreach (var text in texts) alone.Add(await engine.Engine.Lab.ScoreAsync("tiny-s", text));

        var together = await Task.WhenAll(texts.Select(text => engine.Engine.Lab.ScoreAsync("tiny-s", text)));

        together.Select(score => score.Depths.Select(depth => depth.NegativeLogLikelihood)).Should().BeEquivalentTo(
            alone.Select(score => score.Depths.Select(depth => depth.NegativeLogLikelihood)), options => options.WithStrictOrdering());
    }
}
