using Helios.Sdk;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;

// appsettings.json configures the whole engine; the code only names the section and adds the backends.
var builder = Host.CreateApplicationBuilder(new HostApplicationBuilderSettings { Args = args, ContentRootPath = AppContext.BaseDirectory });
builder.Services.AddHelios(builder.Configuration.GetSection("Helios"), helios => helios.UseCpu());
using var host = builder.Build();
await host.StartAsync();

var engine = host.Services.GetRequiredService<HeliosEngine>();
for (var i = 0; engine.Decisions.Count == 0 || i < 3; i++)
{
    var answer = await engine.GenerateAsync(GenerationRequest.FromText("Once upon a time") with { MaxTokens = 24, Sampling = new() { Seed = i, Temperature = 0.8f }, Tenant = "gold" });
    Console.WriteLine($"{answer.Point}: {answer.Text.ReplaceLineEndings(" ").Trim()}");
}

Console.WriteLine($"Chosen: {engine.Decisions[^1].Chosen}, because {engine.Decisions[^1].Reason}");
await host.StopAsync();
