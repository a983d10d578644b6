using Helios.Sdk;
using Helios.Sdk.Cpu;
using OpenTelemetry;
using OpenTelemetry.Metrics;
using OpenTelemetry.Resources;
using OpenTelemetry.Trace;

// The usual variables configure the export: OTEL_EXPORTER_OTLP_ENDPOINT, OTEL_EXPORTER_OTLP_PROTOCOL, OTEL_METRIC_EXPORT_INTERVAL.
var service = ResourceBuilder.CreateDefault().AddService("helios-telemetry-sample");
using var metrics = Sdk.CreateMeterProviderBuilder().SetResourceBuilder(service).AddMeter(HeliosTelemetry.MeterName).AddOtlpExporter().Build();
using var traces = Sdk.CreateTracerProviderBuilder().SetResourceBuilder(service).AddSource(HeliosTelemetry.ActivitySourceName).AddOtlpExporter().Build();

await using var engine = HeliosEngine.CreateBuilder()
    .AddModel(Path.Combine(AppContext.BaseDirectory, "models", "tiny-s"))
    .UseMemoryBudget(32 << 20)
    .EvaluateCandidates(candidates: 1)
    .Optimize("throughput").LimitQualityGap(0.2)
    .UseCpu()
    .Build();

string[] beginnings = ["Once upon a time", "The little cat", "Tom and Sue", "One day, a girl", "In the garden"];
var answers = await Task.WhenAll(Enumerable.Range(0, 40).Select(i =>
    engine.GenerateAsync(GenerationRequest.FromText(beginnings[i % beginnings.Length]) with { MaxTokens = 40 })));

// Wait for a decision; on a busy machine it takes a few more requests.
while (engine.Decisions.Count == 0) await engine.GenerateAsync(GenerationRequest.FromText(beginnings[0]) with { MaxTokens = 40 });

// Gauges (memory, KV, layers) can only be read while the engine runs: flush before it ends.
metrics.ForceFlush();
traces.ForceFlush();
Console.WriteLine($"{answers.Length} answers, {answers.Sum(answer => answer.TokenIds.Count)} tokens, served by {engine.Snapshot.Serving}.");
