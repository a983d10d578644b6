using System.Net.ServerSentEvents;
using System.Runtime.CompilerServices;
using AspNetHost;
using Helios.Sdk;
using Microsoft.AspNetCore.Diagnostics.HealthChecks;
using Microsoft.Extensions.AI;

var builder = WebApplication.CreateBuilder(args);
builder.Services.AddHelios(builder.Configuration.GetSection("Helios"), helios => helios.UseCpu());
builder.Services.AddHealthChecks().AddHelios();
var app = builder.Build();

// A mistake of the caller is 400, a full queue is 503; after the first event of a stream the status cannot change.
app.Use(async (context, next) =>
{
    try
    {
        await next(context);
    }
    catch (Exception wrong) when (wrong is ArgumentException or NotSupportedException && !context.Response.HasStarted)
    {
        context.Response.Clear();
        await Results.Problem(wrong.Message, statusCode: StatusCodes.Status400BadRequest).ExecuteAsync(context);
    }
    catch (ServerBusyException busy) when (!context.Response.HasStarted)
    {
        context.Response.Clear();
        if (busy.RetryAfter is { } after) context.Response.Headers.RetryAfter = $"{Math.Ceiling(after.TotalSeconds)}";
        await Results.Problem(busy.Message, statusCode: StatusCodes.Status503ServiceUnavailable).ExecuteAsync(context);
    }
});

// One event per piece of text, and one at the end with the reason. If the client disconnects, the request is cancelled.
app.MapPost("/generate", (Question question, IHeliosClient client, CancellationToken cancellationToken) =>
    TypedResults.ServerSentEvents(AnswerAsync(client, question, cancellationToken)));

// The same engine as an IChatClient: the answering model renders the conversation with its own chat template.
app.MapPost("/chat", async (ChatTurn?[] turns, IChatClient chat, CancellationToken cancellationToken) =>
{
    var messages = turns.Select((turn, i) => turn is null ? throw new ArgumentException($"turns[{i}] is null.", nameof(turns)) : new ChatMessage(new ChatRole(turn.Role), turn.Content));
    var answer = await chat.GetResponseAsync(messages, new ChatOptions { MaxOutputTokens = 64, Temperature = 0.7f }, cancellationToken);
    return new ChatTurn(ChatRole.Assistant.Value, answer.Text);
});

// The active point, and the reason for it.
app.MapGet("/status", (IHeliosControl engine) => new Status(
    engine.Snapshot.Serving?.ToString(), engine.Snapshot.RunningSequences, engine.Pool.Snapshot.UsedBytes, engine.Decisions is [.., var latest] ? latest.Reason : null));

app.MapHealthChecks("/health/live", new HealthCheckOptions { Predicate = check => check.Tags.Contains("live") });
app.MapHealthChecks("/health/ready", new HealthCheckOptions { Predicate = check => check.Tags.Contains("ready") });
app.Run();

static async IAsyncEnumerable<SseItem<string>> AnswerAsync(IHeliosClient client, Question question, [EnumeratorCancellation] CancellationToken cancellationToken)
{
    var request = GenerationRequest.FromText(question.Prompt ?? "") with { MaxTokens = question.MaxTokens };
    await foreach (var piece in client.StreamAsync(request, cancellationToken))
    {
        if (piece.Text.Length > 0) yield return new SseItem<string>(piece.Text, "text");
        if (piece.FinishReason is { } reason) yield return new SseItem<string>(reason.ToString(), "end");
    }
}
