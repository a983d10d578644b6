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
