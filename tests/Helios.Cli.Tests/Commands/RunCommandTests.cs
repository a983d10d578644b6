using System.Text.Json;

namespace Helios.Cli.Tests.Commands;

public sealed class RunCommandTests : IDisposable
{
    private static readonly string[] SummaryFields =
    [
        "event", "requests", "failed", "rejected", "tokens", "throughputTps", "ttftMs", "tpotMs", "joulesPerToken", "energySource", "energyIsEstimate",
        "energyUnavailableBecause", "peakBytes", "maxBatch", "meanDepth", "agreement", "qualityGapBitsPerByte", "wholeTextGapBitsPerByte", "changes",
    ];

    private static readonly string[] Openings =
    [
        "Once upon a time, there was", "Question: Tom has 3 apples and buys 4 more. How many has he?\nAnswer:", "KING HENRY:\n",
        "Prince Andrew looked at", "Lily and Ben went to the park",
    ];

    private readonly TempFolder folder = new();

    public void Dispose() => folder.Dispose();

    [Fact]
    public async Task Every_line_is_json_and_the_summary_adds_up()
    {
        var lines = await RunAsync(40, "--max-quality-gap", "none", "--requests-per-candidate", "2", "--reassess", "10", "--check", "all");
        var summary = lines[^1];
        var completed = lines.Where(line => line.Text("event") == "completed").ToList();

        summary.Fields().Should().Equal(SummaryFields);
        summary.Text("event").Should().Be("summary");
        summary.Int("requests").Should().Be(40);
        summary.Int("failed").Should().Be(0);
        completed.Select(line => line.Int("request")).Order().Should().Equal(Enumerable.Range(0, 40));
        summary.Long("tokens").Should().Be(completed.Sum(line => line.Long("tokens"))).And.BePositive();
        summary.Double("throughputTps").Should().BePositive();
        summary.GetProperty("ttftMs").Fields().Should().Equal("p50", "p95", "p99");
        (summary.GetProperty("joulesPerToken").ValueKind == JsonValueKind.Null).Should().Be(summary.GetProperty("energyUnavailableBecause").ValueKind == JsonValueKind.String);
        summary.Long("peakBytes").Should().BeInRange(1, 48 << 20);
        summary.Int("maxBatch").Should().BeInRange(1, 16);
        summary.Double("agreement").Should().BeInRange(0, 1);
        summary.Double("qualityGapBitsPerByte").Should().BeInRange(-1, 1);
        lines.Select(line => line.Double("atMs", ifMissing: double.MaxValue)).Should().BeInAscendingOrder();
        lines.Should().Contain(line => line.Text("event") == "loaded");
    }

    [Fact]
    public async Task The_full_baseline_serves_the_first_model_whole()
    {
        var lines = await RunAsync(12, "--baseline", "full", "--check", "all", "--concurrency", "4", "--threads", "1");
        var summary = lines[^1];
        summary.Double("agreement").Should().Be(1);
        summary.Double("meanDepth").Should().Be(6);
        summary.Int("maxBatch").Should().BeInRange(1, 4);
        summary.GetProperty("changes").GetArrayLength().Should().Be(0);
        lines.Where(line => line.Text("event") == "completed").Should().AllSatisfy(line =>
        {
            line.Text("model").Should().Be("small");
            line.Int("depth").Should().Be(6);
        });
    }

    [Fact]
    public async Task The_static_baseline_leaves_by_token()
    {
        var summary = (await RunAsync(12, "--baseline", "static-ee", "--check", "all"))[^1];
        summary.Double("meanDepth").Should().BeInRange(2, 5.9);
        summary.Double("agreement").Should().BeInRange(0.5, 1);

        var surer = (await RunAsync(12, "--baseline", "static-ee", "--exit-policy", "confidence:1", "--check", "none"))[^1];
        surer.Double("meanDepth").Should().BeGreaterThan(summary.Double("meanDepth"));
        surer.GetProperty("agreement").ValueKind.Should().Be(JsonValueKind.Null);
    }

    [Fact]
    public async Task Requests_that_fail_are_counted_and_said()
    {
        var prompts = folder.Write("prompts.jsonl", """
            {"prompt": "Once upon a time", "maxTokens": 4}
            {"prompt": "Once upon a time", "maxTokens": 4000}
            """);
        var result = await CliRunner.RunAsync("run", "--pool", Pool(), "--prompts", prompts, "--baseline", "full", "--json");
        result.Code.Should().Be(ExitCode.Failed);
        result.Error.Should().StartWith("helios: 1 of 2 requests failed; the first failure: ");
        var lines = result.Lines();
        lines[^1].Int("requests").Should().Be(2);
        lines[^1].Int("failed").Should().Be(1);
        lines.Single(line => line.Text("event") == "failed").Text("reason").Should().Contain("context");
    }

    [Fact]
    public async Task A_run_in_which_nothing_was_answered_fails()
    {
        var prompts = folder.Write("prompts.jsonl", """{"prompt": "Once upon a time", "maxTokens": 4000}""");
        var result = await CliRunner.RunAsync("run", "--pool", Pool(), "--prompts", prompts, "--json");
        result.Code.Should().Be(ExitCode.Failed);
        result.Lines()[^1].Text("event").Should().Be("summary");
        result.Error.Should().Contain("context");
    }

    [Fact]
    public async Task A_budget_that_holds_no_model_fails_with_a_line()
    {
        var result = await CliRunner.RunAsync("run", "--pool", Pool("1MiB"), "--prompts", Prompts(1), "--baseline", "full", "--json");
        result.Code.Should().Be(ExitCode.Failed);
        result.Error.Should().Contain("MemoryBudgetBytes is 1048576; expected at least ");
    }

    [Fact]
    public async Task Arrivals_may_come_at_a_rate()
    {
        var summary = (await RunAsync(10, "--baseline", "full", "--rate", "200", "--seed", "3"))[^1];
        summary.Int("requests").Should().Be(10);
        summary.Int("failed").Should().Be(0);
    }

    [Fact]
    public async Task Requests_arrive_when_their_prompts_say()
    {
        var prompts = folder.Write("prompts.jsonl", string.Join('\n', Enumerable.Range(0, 8).Select(i => $$"""{"prompt": "Once", "maxTokens": 2, "atMs": {{40 * i}}}""")));
        var lines = await CliRunner.LinesAsync("run", "--pool", Pool(), "--prompts", prompts, "--baseline", "full", "--check", "none");
        var arrived = lines.Where(line => line.Text("event") == "completed").OrderBy(line => line.Int("request")).Select(line => line.Double("arrivedMs")).ToList();

        arrived.Should().HaveCount(8);
        arrived.Zip(arrived.Skip(1)).Should().AllSatisfy(pair => (pair.Second - pair.First).Should().BeApproximately(40, 1e-6));
    }

    [Fact]
    public async Task What_warms_up_is_marked_and_not_counted()
    {
        var lines = await RunAsync(12, "--baseline", "full", "--warm-up", "5", "--rate", "500", "--check", "none");
        var completed = lines.Where(line => line.Text("event") == "completed").ToList();
        var counted = completed.Where(line => !line.Fields().Contains("warmUp")).ToList();

        completed.Should().HaveCount(12);
        counted.Select(line => line.Int("request")).Order().Should().Equal(Enumerable.Range(5, 7));
        lines[^1].Int("requests").Should().Be(7);
        lines[^1].Long("tokens").Should().Be(counted.Sum(line => line.Long("tokens")));
        counted.Min(line => line.Double("arrivedMs")).Should().BeGreaterThan(completed.Except(counted).Max(line => line.Double("atMs")));
    }

    [Fact]
    public async Task A_warm_up_leaves_something_to_count()
    {
        var result = await CliRunner.RunAsync("run", "--pool", Pool(), "--prompts", Prompts(3), "--warm-up", "3");
        result.Code.Should().Be(ExitCode.BadUsage);
        result.Error.Should().Contain("--warm-up is 3").And.Contain("3 prompts");
    }

    [Fact]
    public async Task Requests_turned_away_are_counted_apart()
    {
        var prompts = folder.Write("prompts.jsonl", string.Join('\n', Enumerable.Repeat("""{"prompt": "Once", "maxTokens": 100, "atMs": 0}""", 20)));
        var lines = await CliRunner.LinesAsync(
            "run", "--pool", Pool(), "--prompts", prompts, "--baseline", "full", "--ignore-eos", "--check", "none", "--max-batch", "1", "--max-queue", "1");
        var (summary, rejected) = (lines[^1], lines.Count(line => line.Text("event") == "rejected"));

        rejected.Should().BeInRange(1, 18);
        (summary.Int("requests"), summary.Int("failed"), summary.Int("rejected")).Should().Be((20, 0, rejected));
    }

    [Fact]
    public async Task People_get_a_table()
    {
        var result = await CliRunner.RunAsync("run", "--pool", Pool(), "--prompts", Prompts(4), "--baseline", "full");
        result.Code.Should().Be(ExitCode.Done);
        result.Out.Should().Contain("loaded small@6").And.Contain("4, 0 of them failed, 0 refused");
    }

    [Fact]
    public async Task Energy_by_an_estimate_is_marked_as_one()
    {
        var lines = await RunAsync(40, "--objective", "energy", "--estimate-watts", "50", "--max-quality-gap", "none", "--requests-per-candidate", "2", "--check", "none");
        var summary = lines[^1];

        summary.Double("joulesPerToken").Should().BePositive();
        summary.GetProperty("energyIsEstimate").GetBoolean().Should().BeTrue();
        summary.Text("energySource").Should().Contain("50 W");
    }

    [Theory]
    [InlineData("--max-bytes much", "--max-bytes is 'much'; expected bytes")]
    [InlineData("--max-ttft 500", "--max-ttft is '500'; expected a time")]
    [InlineData("--max-joules 0", "--max-joules is 0; expected above 0")]
    [InlineData("--estimate-watts NaN", "--estimate-watts is 'NaN'; expected a number")]
    [InlineData("--objective goodput:ttft=1s", "--objective is 'goodput:ttft=1s'; expected tpot too")]
    public async Task Limits_that_are_none_are_bad_usage(string args, string message)
    {
        var result = await CliRunner.RunAsync(["run", "--pool", Pool(), "--prompts", Prompts(1), .. args.Split(' ')]);
        result.Code.Should().Be(ExitCode.BadUsage);
        result.Error.Should().Contain(message);
    }

    [Fact]
    public async Task An_unknown_objective_is_bad_usage()
    {
        var result = await CliRunner.RunAsync("run", "--pool", Pool(), "--prompts", Prompts(1), "--objective", "beauty");
        result.Code.Should().Be(ExitCode.BadUsage);
        result.Error.Should().Contain("--objective is 'beauty'; expected throughput");
    }

    private Task<IReadOnlyList<JsonElement>> RunAsync(int prompts, params string[] args) =>
        CliRunner.LinesAsync(["run", "--pool", Pool(), "--prompts", Prompts(prompts), .. args]);

    /// <summary>One path relative to the pool file, one absolute.</summary>
    private string Pool(string budget = "48MiB") => folder.Write("pool.json", $$"""
        { "memoryBudget": "{{budget}}",
          "models": [ { "name": "small", "path": {{JsonSerializer.Serialize(Path.GetRelativePath(folder.Path, TestData.TinyS))}} },
                      { "name": "medium", "path": {{JsonSerializer.Serialize(TestData.TinyM)}} } ] }
        """);

    private string Prompts(int count) => folder.Write("prompts.jsonl", string.Join('\n', Enumerable.Range(0, count).Select(i =>
        JsonSerializer.Serialize(new { prompt = Openings[i % Openings.Length], maxTokens = 12 + i % 5, tenant = i % 2 == 0 ? "a" : "b" }))));
}
