using System.Text.Json;

namespace Helios.Cli.Tests.Commands;

public sealed class ProfileCommandTests : IDisposable
{
    private readonly TempFolder folder = new();

    private string Repository => InFolder("repo.json");

    [Fact]
    public async Task Models_are_measured_and_run_chooses_its_candidates_from_what_was_measured()
    {
        await WriteTextsAsync();
        var found = await CliRunner.JsonAsync("profile", TestData.TinyS, TestData.TinyM, "--texts", InFolder("texts.txt"), "--out", Repository);

        found.Int("texts").Should().Be(6);
        var points = found.GetProperty("points").EnumerateArray().ToList();
        points.Select(point => (point.Text("model"), point.Int("depth"))).Should().OnlyHaveUniqueItems().And.HaveCountGreaterThan(4);
        points.Should().OnlyContain(point => point.Double("throughput") > 0 && point.Double("ttftMs") > 0 && point.Double("bitsPerByte") > 0 && point.Int("evidenceRequests") == 6);
        points.Where(point => point.Text("model") == "tiny-m").Last().Double("agreement").Should().Be(1);
        using var written = JsonDocument.Parse(await File.ReadAllBytesAsync(Repository));
        var models = written.RootElement.GetProperty("models").EnumerateArray().ToList();
        models.Select(model => model.Text("name")).Should().Equal("tiny-s", "tiny-m");
        models.Should().OnlyContain(model => model.GetProperty("alone").Double("tpotMs") > 0);
        (await File.ReadAllTextAsync(Repository)).Should().NotContain("Lily");

        var lines = await RunAsync("--repository", Repository, "--candidates", "1");
        lines.Where(line => line.Text("event") == "evaluated").Select(line => line.Text("model")).Distinct(StringComparer.Ordinal).Should().ContainSingle();
    }

    [Fact]
    public async Task A_repository_that_is_none_is_named()
    {
        await WriteTextsAsync();
        await File.WriteAllTextAsync(Repository, """{"version": 1, "models": [], "extra": 1}""");

        var result = await CliRunner.RunAsync(Command("--repository", Repository));

        result.Code.Should().Be(ExitCode.Failed);
        result.Error.Should().Contain(Repository).And.Contain("extra");
    }

    [Fact]
    public async Task A_depth_rule_that_is_none_is_bad_usage()
    {
        await WriteTextsAsync();

        var result = await CliRunner.RunAsync(Command("--depth-rule", "deepest"));

        result.Code.Should().Be(ExitCode.BadUsage);
        result.Error.Should().Contain("--depth-rule").And.Contain("deepest").And.Contain("coverage:0.9");
    }

    [Fact]
    public async Task A_file_in_a_folder_that_is_not_there_is_refused_before_anything_is_measured()
    {
        var result = await CliRunner.RunAsync("profile", TestData.TinyS, "--out", InFolder("none/repo.json"));

        result.Code.Should().Be(ExitCode.Failed);
        result.Error.Should().Contain("--out").And.Contain("none");
    }

    public void Dispose() => folder.Dispose();

    private string InFolder(string file) => Path.Combine(folder.Path, file);

    private Task<IReadOnlyList<JsonElement>> RunAsync(params string[] more) => CliRunner.LinesAsync(Command(more));

    private string[] Command(params string[] more) =>
        ["run", "--pool", InFolder("pool.json"), "--prompts", InFolder("prompts.jsonl"), "--max-tokens", "4", "--requests-per-candidate", "2", "--check", "none", "--concurrency", "4", "--max-batch", "4", .. more];

    private async Task WriteTextsAsync()
    {
        string[] texts =
        [
            "Once upon a time, there was a little girl named Lily. She liked to play in the park with her big red ball.",
            "Tom had a cat. The cat was black and white, and it slept all day on the warm mat by the door.",
            "One day, a big dog came to the farm. The hens were afraid, but the dog only wanted to play.",
            "Question: Sam has 5 apples and buys 7 more. How many apples does he have now? Answer: 12",
            "The prince looked at the old general and said that the war was over, and that all men could go home.",
            "Mia wanted to bake a cake. She took eggs, milk and flour, and her mother helped her with the oven.",
        ];
        await File.WriteAllTextAsync(InFolder("texts.txt"), string.Join("\n\n", texts));
        await File.WriteAllLinesAsync(InFolder("prompts.jsonl"), Enumerable.Range(0, 1000).Select(i => JsonSerializer.Serialize(new { prompt = texts[i % texts.Length] })));
        await File.WriteAllTextAsync(InFolder("pool.json"), JsonSerializer.Serialize(new
        {
            memoryBudget = "48MiB",
            models = new[] { new { name = "tiny-s", path = TestData.TinyS }, new { name = "tiny-m", path = TestData.TinyM } },
        }));
    }
}
