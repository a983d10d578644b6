using Helios.Sdk;
using Helios.Sdk.Diagnostics;
using Microsoft.Extensions.DependencyInjection;

var services = new ServiceCollection();
services.AddHelios(helios => helios
    .AddModel(Path.Combine(AppContext.BaseDirectory, "models", "tiny-s"))
    .UseCpu()
    .UseMemoryBudget(32 << 20));

await using var provider = services.BuildServiceProvider();
var client = provider.GetRequiredService<IHeliosClient>();
await foreach (var piece in client.StreamAsync(GenerationRequest.FromText("Once upon a time") with { MaxTokens = 48 }))
    Console.Write(piece.Text);
Console.WriteLine();
await Console.Error.WriteLineAsync($"({HeliosDiagnostics.Probe().Processor.VectorWidth}-bit vectors)");
