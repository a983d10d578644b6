using Helios.Sdk.Lab;

namespace Helios.Sdk.Tests.Hosting;

/// <summary>What rounded keys and values do to trained models.</summary>
public class KvPrecisionTests
{
    private const string Text =
        "Once upon a time, there was a little girl named Lily. She loved to play outside in the park. One day, she saw a big dog. "
        + "The dog was very friendly and wanted to play with her. Lily was happy and threw the ball, and the dog ran after it. "
        + "They played together until the sun went down, and then Lily went home to tell her mother about her new friend.";

    [Theory]
    [InlineData("stories260K", 3e-3)]
    [InlineData("tiny-m", 1e-3)]
    public async Task Bf16_keys_and_values_move_the_score_of_no_depth_by_much(string model, double share)
    {
        var exact = await ScoreAsync(model, Precision.Fp32);
        var rounded = await ScoreAsync(model, Precision.Bf16);
        rounded.Depths[^1].NegativeLogLikelihood.Should().NotBe(exact.Depths[^1].NegativeLogLikelihood, "the option is in force");
        foreach (var (before, after) in exact.Depths.Zip(rounded.Depths))
            (after.NegativeLogLikelihood / before.NegativeLogLikelihood).Should().BeApproximately(1, share, $"depth {before.Depth}");
    }

    private static async Task<SequenceScore> ScoreAsync(string model, Precision precision)
    {
        await using var engine = HeliosEngine.CreateBuilder()
            .UseCpu(options => options.KvPrecision = precision)
            .AddModel(TestData.Model(model))
            .ServeFixed(depth: 1)
            .Build();
        await engine.Ready.WaitAsync(TestEngine.Patience);
        return await engine.Lab.ScoreAsync(model, engine.TokenizerOf(model).Encode(Text)).WaitAsync(TestEngine.Patience);
    }
}
