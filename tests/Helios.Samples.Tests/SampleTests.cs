using System.Text.RegularExpressions;

namespace Helios.Samples.Tests;

public sealed class SampleTests
{
    [Fact]
    public async Task CustomScheduler_answers_everybody()
    {
        var lines = (await Sample.RunAsync("CustomScheduler")).Split('\n', StringSplitOptions.RemoveEmptyEntries);
        lines.Select(line => int.Parse(line.Split(' ')[0])).Should().BeEquivalentTo([10, 20, 50, 100, 200]);
    }

    [Fact]
    public async Task ConsoleChat_goes_on_until_the_input_ends_and_counts_layers()
    {
        var output = await Sample.TypeAsync("ConsoleChat", "Once upon a time, there was a little cat who\nThen it\n");
        Regex.Count(output, @"^\[layers of 12: (\d+ x \d+(, )?)+\]\r?$", RegexOptions.Multiline, TimeSpan.FromSeconds(1)).Should().Be(2);
        output.Should().NotContain("\e", "the output is no terminal");
    }

    [Fact]
    public async Task CustomExitPolicy_is_shown_beside_the_built_in_ones()
    {
        var rows = (await Sample.RunAsync("CustomExitPolicy")).Split('\n', StringSplitOptions.RemoveEmptyEntries).Skip(1)
            .Select(line => line.Split(' ', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries))
            .ToDictionary(cells => cells[0], cells => (Layers: double.Parse(cells[1]), Agreement: double.Parse(cells[2])), StringComparer.Ordinal);
        rows["none"].Should().Be((12.0, 1.0));
        rows.Should().ContainKeys("confidence:0.8", "top1:0.5", "margin:0.3", "patience:2");
        rows["steady:0.5"].Layers.Should().BeLessThan(12).And.BeGreaterThan(rows["steady:0.3"].Layers, "it asks for more before a token leaves");
        rows["steady:0.5"].Agreement.Should().BeInRange(0.5, 1);
    }

    [Fact]
    public async Task CustomObjective_decides_and_shows_its_terms()
    {
        var output = await Sample.RunAsync("CustomObjective");
        output.Should().MatchRegex(@"(?m)^worth: tiny-[sm]@\d+, because ").And.MatchRegex(@"(?m)^throughput: tiny-[sm]@\d+, because ");
        output.Should().MatchRegex(@"(?m)^  tiny-[sm]@\d+ .*throughput [\d.]+ tok/s, speed [\d.]+ bits/byte, gap -?[\d.]+ bits/byte");
    }

    [Fact]
    public async Task Telemetry_reaches_a_collector()
    {
        using var collector = new Collector();
        var output = await Sample.RunAsync(
            "Telemetry",
            ("OTEL_EXPORTER_OTLP_ENDPOINT", collector.Address),
            ("OTEL_EXPORTER_OTLP_PROTOCOL", "http/protobuf"));

        output.Should().StartWith("40 answers");
        var metrics = collector.Received("/v1/metrics");
        foreach (var name in new[]
        {
            "gen_ai.server.request.duration", "gen_ai.server.time_to_first_token", "gen_ai.server.time_per_output_token", "helios.tokens.generated",
            "helios.exit.depth", "helios.kv.bytes", "helios.layers.loaded", "helios.adaptation.decisions",
        }) metrics.Should().Contain(name);
        var traces = collector.Received("/v1/traces");
        traces.Should().Contain("text_completion").And.Contain("helios.decision").And.NotContain("Once upon a time", "prompts are not traced unless asked for");
    }
}
