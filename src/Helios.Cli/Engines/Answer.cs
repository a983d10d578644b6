using System.Collections.Immutable;
using System.Text;
using Helios.Sdk;

namespace Helios.Cli.Engines;

/// <summary>An answer as far as it has come: what was cancelled is worth showing too.</summary>
internal sealed class Answer(TimeProvider time)
{
    private readonly ImmutableArray<int>.Builder ids = ImmutableArray.CreateBuilder<int>();
    private readonly ImmutableArray<int>.Builder depths = ImmutableArray.CreateBuilder<int>();
    private readonly ImmutableArray<TokenLogProbabilities>.Builder logProbabilities = ImmutableArray.CreateBuilder<TokenLogProbabilities>();
    private readonly StringBuilder text = new();
    private TimeSpan first;
    private TimeSpan last;

    public ImmutableArray<int> Ids => ids.ToImmutable();

    public ImmutableArray<int> Depths => depths.ToImmutable();

    /// <summary>Empty where none were asked for.</summary>
    public ImmutableArray<TokenLogProbabilities> LogProbabilities => logProbabilities.ToImmutable();

    public string Text => text.ToString();

    /// <summary><c>stop</c>, <c>length</c> or <c>cancelled</c>.</summary>
    public string FinishReason { get; private set; } = Cancelled;

    public bool IsCancelled => FinishReason == Cancelled;

    /// <summary>From submission to the first token; the model was loaded before.</summary>
    public TimeSpan TimeToFirstToken => first;

    public TimeSpan TimePerOutputToken => ids.Count < 2 ? TimeSpan.Zero : (last - first) / (ids.Count - 1);

    private const string Cancelled = "cancelled";

    /// <summary>Reads the answer to its end, or to where it is cancelled.</summary>
    public async Task ReadAsync(HeliosEngine engine, GenerationRequest request, Action<GenerationUpdate> show, CancellationToken cancellationToken)
    {
        try
        {
            await EngineStart.WaitAsync(engine, cancellationToken).ConfigureAwait(false);
            var submitted = time.GetTimestamp();
            await foreach (var update in engine.StreamAsync(request, cancellationToken).ConfigureAwait(false))
            {
                Add(update, time.GetElapsedTime(submitted));
                show(update);
            }
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            FinishReason = Cancelled;
        }
    }

    /// <summary>How an end is called on the command line.</summary>
    public static string NameOf(FinishReason reason) => reason switch
    {
        Sdk.FinishReason.Stop => "stop",
        Sdk.FinishReason.Length => "length",
        Sdk.FinishReason.TimeLimit => "time-limit",
        _ => Cancelled,
    };

    private void Add(GenerationUpdate update, TimeSpan at)
    {
        text.Append(update.Text);
        if (update.FinishReason is { } finish) FinishReason = NameOf(finish);
        if (update.TokenId is not { } id) return;
        if (ids.Count == 0) first = at;
        last = at;
        ids.Add(id);
        depths.Add(update.ExitDepth);
        if (update.LogProbabilities is { } known) logProbabilities.Add(known);
    }
}
