using System.Collections.Concurrent;
using Helios.Sdk;

namespace Helios.ModelBench.Endurance;

/// <summary>Clients that make so many requests together, each one after another, and judge every answer.</summary>
internal sealed class EnduranceLoad(EnduranceWorld world, HeliosEngine engine, EnduranceSettings settings)
{
    private const int Tenants = 5000;

    private readonly ConcurrentQueue<string> wrong = new();
    private readonly ConcurrentQueue<string> failures = new();
    private long made;
    private long answered;
    private long left;
    private long cancelled;
    private long rejected;
    private long unloaded;
    private long tokens;

    /// <summary>Requests that were made so far.</summary>
    public long Made => Math.Min(Interlocked.Read(ref made), settings.Requests);

    public long Answered => answered;

    /// <summary>Streams that their client left before the end.</summary>
    public long Left => left;

    public long Cancelled => cancelled;

    public long Rejected => rejected;

    /// <summary>Requests that insisted on a point whose load was made to fail, or whose budget was made smaller.</summary>
    public long Unloaded => unloaded;

    public long Tokens => tokens;

    public IReadOnlyCollection<string> Wrong => wrong;

    public IReadOnlyCollection<string> Failures => failures;

    /// <summary>Completes when every client has its last answer.</summary>
    public Task RunAsync(CancellationToken cancellationToken) =>
        Task.WhenAll(Enumerable.Range(1, settings.Clients).Select(client => Task.Run(() => RunClientAsync(new Random(settings.Seed * 1000 + client), cancellationToken), cancellationToken)));

    private async Task RunClientAsync(Random random, CancellationToken cancellationToken)
    {
        while (Interlocked.Increment(ref made) <= settings.Requests)
        {
            var prompt = world.Prompt(random);
            await SendAsync(Request(random, prompt), prompt, random, cancellationToken).ConfigureAwait(false);
        }
    }

    private GenerationRequest Request(Random random, string prompt) => GenerationRequest.FromText(prompt) with
    {
        MaxTokens = 1 + random.Next(32),
        Tenant = Invariant($"tenant-{random.Next(Tenants)}"),
        Model = random.Next(20) == 0 ? world.Models[random.Next(world.Models.Count)].Name : null,
        FullDepth = random.Next(20) == 0,
        Priority = random.Next(10) switch { 0 => RequestPriority.Low, 1 => RequestPriority.High, _ => RequestPriority.Normal },
    };

    private async Task SendAsync(GenerationRequest request, string prompt, Random random, CancellationToken cancellationToken)
    {
        using var interest = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        if (random.Next(20) == 0) interest.CancelAfter(TimeSpan.FromMilliseconds(random.NextDouble() * 10));
        try
        {
            if (random.Next(10) == 0) await LeaveAsync(request, random.Next(4), interest.Token).ConfigureAwait(false);
            else Judge(await engine.GenerateAsync(request, interest.Token).ConfigureAwait(false), prompt, request.MaxTokens!.Value);
        }
        catch (OperationCanceledException) when (interest.IsCancellationRequested)
        {
            Interlocked.Increment(ref cancelled);
        }
        catch (ServerBusyException)
        {
            Interlocked.Increment(ref rejected);
        }
        catch (HeliosException error) when (IsUnloaded(request, error))
        {
            Interlocked.Increment(ref unloaded);
        }
        catch (Exception error) when (error is HeliosException or ArgumentException)
        {
            failures.Enqueue(error.Message);
        }
    }

    /// <summary>A point of a request's own may fail to load, or not fit a budget that was made smaller: then the request has no other.</summary>
    private static bool IsUnloaded(GenerationRequest request, HeliosException error) => (request.FullDepth || request.Model is not null)
        && (FaultyBackend.Messages.Any(error.Message.EndsWith) || error.Message.Contains("does not fit the memory budget", StringComparison.Ordinal));

    private void Judge(GenerationResult answer, string prompt, int maxTokens)
    {
        Interlocked.Increment(ref answered);
        Interlocked.Add(ref tokens, answer.TokenIds.Count);
        if (world.Fault(answer, prompt, maxTokens) is { } fault) wrong.Enqueue(fault);
    }

    private async Task LeaveAsync(GenerationRequest request, int after, CancellationToken cancellationToken)
    {
        var pieces = 0;
        await foreach (var _ in engine.StreamAsync(request, cancellationToken).ConfigureAwait(false))
        {
            if (pieces++ == after) break;
        }

        Interlocked.Increment(ref left);
        Interlocked.Add(ref tokens, pieces);
    }
}
