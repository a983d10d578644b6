using Helios.Sdk;

var builder = WebApplication.CreateSlimBuilder(["--urls", "http://127.0.0.1:0"]);
builder.Services.AddHelios(helios => helios.AddModel(args[0]).UseCpu().UseMemoryBudget(64 << 20).ServeFixed());
var app = builder.Build();

app.MapGet("/stream", (string prompt, IHeliosClient client, CancellationToken cancellationToken) =>
    Texts(client.StreamAsync(Request(prompt), cancellationToken)));
app.MapGet("/answer", async (string prompt, IHeliosClient client, CancellationToken cancellationToken) =>
{
    var answer = await client.GenerateAsync(Request(prompt), cancellationToken);
    return new { answer.Text, Tokens = answer.TokenIds.Count };
});
app.MapPost("/stop", (IHostApplicationLifetime host) => host.StopApplication());
app.Run();

static GenerationRequest Request(string prompt) => GenerationRequest.FromText(prompt) with { MaxTokens = 48 };

static async IAsyncEnumerable<string> Texts(IAsyncEnumerable<GenerationUpdate> updates)
{
    await foreach (var update in updates) yield return update.Text;
}
