namespace Helios.Sdk.Tests.Client;

/// <summary>What is logged by accident says nothing of prompts and answers.</summary>
public class PrintingTests
{
    [Fact]
    public void Requests_print_lengths_and_options()
    {
        (GenerationRequest.FromText("SECRET") with { Stop = ["SECRET"], Model = "m", Sampling = new() { Seed = 5, Temperature = 0.5f } }).ToString()
            .Should().Be("GenerationRequest { Prompt = 6 characters, MaxTokens = what fits, Temperature = 0.5, Priority = Normal, Model = m, Seed = 5, Stop = 1 strings }");
        GenerationRequest.FromTokens([777, 778]).ToString()
            .Should().Be("GenerationRequest { TokenIds = 2 ids, MaxTokens = what fits, Temperature = the model's, Priority = Normal }");
        (GenerationRequest.FromMessages([new ChatTurn("user", "SECRET")]) with { Stop = null! }).ToString()
            .Should().Be("GenerationRequest { Messages = 1 turns, MaxTokens = what fits, Temperature = the model's, Priority = Normal }");
        GenerationRequest.FromText("").ToString().Should().Contain("Prompt = 0 characters");
    }

    [Fact]
    public void Turns_and_answers_print_lengths()
    {
        new ChatTurn("user", "SECRET").ToString().Should().Be("ChatTurn { Role = user, Content = 6 characters }");
        new GenerationUpdate { TokenId = 777, Text = "SECRET", ExitDepth = 3, Point = new OperatingPoint(new LoadTarget("m", 4)), FinishReason = FinishReason.Stop }.ToString()
            .Should().StartWith("GenerationUpdate { Text = 6 characters, ExitDepth = 3, Point = m").And.EndWith(", FinishReason = Stop }");
        default(GenerationUpdate).ToString().Should().Contain("Text = 0 characters");
        new GenerationResult
        {
            Text = "SECRET",
            PromptIds = [777, 778, 779],
            TokenIds = [780],
            ExitDepths = [4],
            FinishReason = FinishReason.Length,
            Point = null,
            CachedPromptTokens = 2,
            TimeToFirstToken = TimeSpan.FromSeconds(1),
            TimePerOutputToken = TimeSpan.Zero,
        }.ToString().Should().StartWith("GenerationResult { Text = 6 characters, PromptIds = 3 ids, TokenIds = 1 ids, FinishReason = Length, Point = , CachedPromptTokens = 2, ")
            .And.NotContain("SECRET").And.NotContain("78");
    }
}
