using System.Collections.Concurrent;
using System.Collections.Immutable;
using System.Text;
using Helios.Sdk;
using Helios.Sdk.Models;

namespace Helios.ModelBench.Soaking;

/// <summary>The clients of a soak: each makes one random request after another until time is up.</summary>
internal sealed class SoakLoad(SoakSettings settings, SoakModels models, HeliosEngine engine, TimeProvider time)
{
    private readonly ConcurrentQueue<string> failures = new();
    private int requests;
    private int cancelled;
    private int rejected;
    private long tokens;

    public int Requests => requests;

    public int Cancelled => cancelled;

    public int Rejected => rejected;

    public long Tokens => tokens;

    /// <summary>Why requests failed that should not have.</summary>
    public IReadOnlyCollection<string> Failures => failures;

    public SoakSample Streams { get; } = new(settings.MostChecked, settings.Seed);

    /// <summary>Completes when every client has its last answer.</summary>
    public Task RunAsync(CancellationToken cancellationToken)
    {
        var started = time.GetTimestamp();
        return Task.WhenAll(Enumerable.Range(1, settings.Clients).Select(client =>
            Task.Run(() => RunClientAsync(new SoakTraffic(models.All, settings.Seed + client), started, cancellationToken), cancellationToken)));
    }

    private async Task RunClientAsync(SoakTraffic traffic, long started, CancellationToken cancellationToken)
    {
        while (time.GetElapsedTime(started) < settings.Duration)
        {
            await SendAsync(traffic.Next(), cancellationToken).ConfigureAwait(false);
            await Task.Delay(traffic.Pause(), time, cancellationToken).ConfigureAwait(false);
        }
    }

    private async Task SendAsync(SoakRequest request, CancellationToken cancellationToken)
    {
        Interlocked.Increment(ref requests);
        using var interest = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        if (request.GivesUpAfter is { } patience) interest.CancelAfter(patience);
        try
        {
            var stream = request.Streamed
                ? await ReadAsync(request, interest.Token).ConfigureAwait(false)
                : await AskAsync(request.Request, interest.Token).ConfigureAwait(false);
            if (stream.Finish is null) Interlocked.Increment(ref cancelled);
            Interlocked.Add(ref tokens, stream.Ids.Length);
            Streams.Add(stream);
        }
        catch (OperationCanceledException) when (interest.IsCancellationRequested)
        {
            Interlocked.Increment(ref cancelled);
        }
        catch (ServerBusyException)
        {
            Interlocked.Increment(ref rejected);
        }
        catch (Exception error) when (error is HeliosException or ArgumentException)
        {
            failures.Enqueue(error.Message);
        }
    }

    private async Task<SoakStream> AskAsync(GenerationRequest request, CancellationToken cancellationToken)
    {
        var result = await engine.GenerateAsync(request, cancellationToken).ConfigureAwait(false);
        var point = result.Point ?? throw new HeliosException("An answer does not say what served it.");
        return new SoakStream(request, point, [.. result.TokenIds], [.. result.ExitDepths], result.Text, result.FinishReason);
    }

    private async Task<SoakStream> ReadAsync(SoakRequest request, CancellationToken cancellationToken)
    {
        var (ids, depths, text) = (ImmutableArray.CreateBuilder<int>(), ImmutableArray.CreateBuilder<int>(), new StringBuilder());
        FinishReason? finish = null;
        await foreach (var update in engine.StreamAsync(request.Request, cancellationToken).ConfigureAwait(false))
        {
            text.Append(update.Text);
            if (update.TokenId is { } id) ids.Add(id);
            depths.Add(update.ExitDepth);
            finish = update.FinishReason;
            if (ids.Count == request.LeavesAfter) break;
        }

        var info = engine.Pool.Snapshot.Models.First(model => model.Info.Name == request.Request.Model).Info;
        var point = new OperatingPoint(new LoadTarget(info.Name, info.Architecture.Layers));
        return new SoakStream(request.Request, point, ids.ToImmutable(), depths.ToImmutable(), text.ToString(), finish);
    }
}
