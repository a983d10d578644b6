using Helios.Sdk.Tests.Checkpoints;
using Helios.Sdk.Tokenization;

namespace Helios.Sdk.Tests.Tokenization;

/// <summary>Folders whose tokenizer another package reads: the package and the call are named.</summary>
public sealed class OtherFilesTests : IDisposable
{
    private readonly TempFolder folder = new();

    public void Dispose() => folder.Dispose();

    [Theory]
    [InlineData("tokenizer.model")]
    [InlineData("cl100k_base.tiktoken")]
    public async Task Text_for_such_a_model_is_refused_with_what_to_do(string file)
    {
        foreach (var part in new[] { "config.json", "model.safetensors" }) File.Copy(Path.Combine(TestData.Model("stories260K"), part), folder[part]);
        File.WriteAllText(folder[file], "");
        await using var engine = HeliosEngine.CreateBuilder().AddModel(folder.Path, "bare").UseCpu().UseMemoryBudget(64 << 20).ServeFixed().Build();

        var refused = await FluentActions.Awaiting(() => engine.GenerateAsync(GenerationRequest.FromText("Once"))).Should().ThrowAsync<CheckpointException>();
        refused.WithMessage($"*tokenizer.json: is missing*'bare'*It has {file}*Helios.Sdk.MicrosoftTokenizers*.UseMicrosoftTokenizers()*");
        (await engine.GenerateAsync(GenerationRequest.FromTokens([1, 403]) with { MaxTokens = 2, IgnoreEndOfSequence = true })).TokenIds.Should().HaveCount(2, "ids are served");
    }

    [Fact]
    public void So_is_the_tokenizer_alone()
    {
        File.WriteAllText(folder["tokenizer.model"], "");
        var load = () => TokenizerFiles.Load(folder.Path);
        load.Should().Throw<CheckpointException>().WithMessage("*tokenizer.json: is missing*It has tokenizer.model*Helios.Sdk.MicrosoftTokenizers*.UseMicrosoftTokenizers()*");
    }
}
