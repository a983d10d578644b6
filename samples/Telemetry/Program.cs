using Helios.Sdk;
using Helios.Sdk.Cpu;
using OpenTelemetry;
using OpenTelemetry.Metrics;
using OpenTelemetry.Resources;
using OpenTelemetry.Trace;

// Where to, and how, say the usual variables: OTEL_EXPORTER_OTLP_ENDPOINT, OTEL_EXPORTER_OTLP_PROTOCOL, OTEL_METRIC_EXPORT_INTERVAL.
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

// A decision belongs to the picture: on a busy machine it takes a few more requests.
while (engine.Decisions.Count == 0) await engine.GenerateAsync(GenerationRequest.FromText(beginnings[0]) with { MaxTokens = 40 });

// What is observed (memory, KV, layers) is there to be read while the engine lives: flush before it ends.
metrics.ForceFlush();
traces.ForceFlush();
Console.WriteLine($"{answers.Length} answers, {answers.Sum(answer => answer.TokenIds.Count)} tokens, served by {engine.Snapshot.Serving}.");
