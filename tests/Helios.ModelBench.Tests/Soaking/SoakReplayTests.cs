using System.Collections.Immutable;
using Helios.ModelBench.Soaking;
using Helios.Sdk;

namespace Helios.ModelBench.Tests.Soaking;

public sealed class SoakReplayTests
{
    private static readonly GenerationResult Alone = new()
    {
        Text = "one two",
        PromptIds = [1],
        TokenIds = [5, 6, 7],
        ExitDepths = [3, 6, 3],
        FinishReason = FinishReason.Length,
        Point = null,
        CachedPromptTokens = 0,
        TimeToFirstToken = default,
        TimePerOutputToken = default,
    };

    [Fact]
    public void The_same_answer_does_not_differ() => Difference([5, 6, 7], [3, 6, 3], "one two", FinishReason.Length).Should().BeNull();

    [Fact]
    public void A_stream_that_was_left_is_the_beginning() => Difference([5, 6], [3, 6], "one", finish: null).Should().BeNull();

    [Theory]
    [InlineData(new[] { 5, 8, 7 }, new[] { 3, 6, 3 }, "one two", FinishReason.Length, "token 1 is 8, alone 6")]
    [InlineData(new[] { 5, 6, 7 }, new[] { 3, 3, 3 }, "one two", FinishReason.Length, "token 1 ran through 3 layers, alone through 6")]
    [InlineData(new[] { 5, 6 }, new[] { 3, 6 }, "one two", FinishReason.Length, "2 tokens, alone 3")]
    [InlineData(new[] { 5, 6, 7 }, new[] { 3, 6, 3 }, "one two", FinishReason.Stop, "it ended by Stop, alone by Length")]
    [InlineData(new[] { 5, 6, 7 }, new[] { 3, 6, 3 }, "one", FinishReason.Length, "its text is 'one', alone 'one two'")]
    [InlineData(new[] { 5, 8 }, new[] { 3, 6 }, "one", null, "token 1 is 8")]
    [InlineData(new[] { 5, 6, 7, 9 }, new[] { 3, 6, 3, 3 }, "one two", null, "4 tokens before the client left, alone 3")]
    [InlineData(new[] { 5, 6 }, new[] { 3, 6 }, "two", null, "its text began 'two'")]
    public void What_differs_is_said(int[] ids, int[] depths, string text, FinishReason? finish, string expected) =>
        Difference(ids, depths, text, finish).Should().StartWith(expected);

    private static string? Difference(int[] ids, int[] depths, string text, FinishReason? finish) =>
        SoakReplay.Difference(new SoakStream(GenerationRequest.FromText("x"), new OperatingPoint(new LoadTarget("tiny", 6)), [.. ids], [.. depths], text, finish), Alone);
}
