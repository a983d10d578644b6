using System.Collections.Immutable;
using System.Diagnostics.CodeAnalysis;
using System.Threading.RateLimiting;
using Helios.Sdk.Adaptation.Loading;
using Helios.Sdk.Serving.Requests;
using Helios.Sdk.Serving.Streaming;

namespace Helios.Sdk.Hosting.Requests;

/// <summary>
/// Puts what requests ask into the ids of every model that may answer them, before they are queued: the device thread encodes nothing.
/// Long prompts are encoded on the thread pool, as many at a time as half of the processors, and none further than its context. What they
/// hold at once is bounded, and so is what waits for its turn. Thread-safe.
/// </summary>
[SuppressMessage("Design", "CA1001", Justification = "The limiter holds nothing but what waits in it.")]
internal sealed class PromptEncoder
{
    /// <summary>
    /// Bytes of host memory that a character of a prompt counts for. A text with spaces takes less than a tenth of it; a word without end
    /// is held symbol by symbol, and takes 40 to 146 for each of its characters.
    /// </summary>
    public const int BytesPerCharacter = 128;

    /// <summary>How many times what is encoded at once may wait for its turn.</summary>
    public const int Backlog = 16;

    /// <summary>Characters that are encoded where the request is made: a millisecond's worth at most.</summary>
    private const int Short = 4096;

    /// <summary>Bytes of a permit.</summary>
    private const int PermitBytes = 1024;

    private readonly TaskFactory factory = new(new ConcurrentExclusiveSchedulerPair(TaskScheduler.Default, Math.Max(1, Environment.ProcessorCount / 2)).ConcurrentScheduler);
    private readonly ConcurrencyLimiter limiter;
    private readonly int permits;

    /// <param name="maxBytes">Most bytes that encoding may hold at once.</param>
    public PromptEncoder(long maxBytes)
    {
        permits = (int)Math.Clamp(maxBytes / PermitBytes, 1, int.MaxValue);
        limiter = new ConcurrencyLimiter(new ConcurrencyLimiterOptions
        {
            PermitLimit = permits,
            QueueLimit = (int)Math.Min((long)Backlog * permits, int.MaxValue),
            QueueProcessingOrder = QueueProcessingOrder.OldestFirst,
        });
    }

    /// <summary>Bytes that the prompts count for which are being encoded. Any thread.</summary>
    public long Bytes => (permits - (limiter.GetStatistics()?.CurrentAvailablePermits ?? permits)) * PermitBytes;

    /// <summary>Whether a request may wait for its turn: one with a short prompt, or with ids, does not.</summary>
    public static bool MayWait(GenerationRequest request) => request.TokenIds is null && PromptEncoding.LengthOf(request) > Short;

    /// <summary>Encodes a prompt.</summary>
    /// <param name="request">Has a prompt or messages.</param>
    /// <param name="models">Models that may answer it; the first is the one whose trouble is the caller's.</param>
    /// <param name="cancellationToken">Ends the wait at once, and the encoding soon after.</param>
    /// <returns>The prompt in the ids of the first model, and in those of the others that have others, or why not; null when too much waits already.</returns>
    /// <exception cref="ArgumentException">The first model cannot take it.</exception>
    /// <exception cref="HeliosException">Likewise.</exception>
    public async ValueTask<(EncodedPrompt Prompt, ImmutableArray<PromptForm> Others)?> EncodeAsync(GenerationRequest request, IReadOnlyList<PoolEntry> models, CancellationToken cancellationToken)
    {
        var length = PromptEncoding.LengthOf(request);
        if (length > Short && FindBeyond(request, models) is { } beyond) return (beyond, []);
        var forms = length <= Short
            ? Encode(request, models, cancellationToken)
            : await EncodeInTurnAsync(request, length, models, cancellationToken).WaitAsync(cancellationToken).ConfigureAwait(false);
        if (forms is not [var first, .. var others]) return null;
        return (first.Prompt ?? throw first.Trouble!, others);
    }

    /// <summary>Holds its permits until the encoding has ended, even if its caller waits no longer. Empty when there is no room to wait.</summary>
    private async Task<ImmutableArray<PromptForm>> EncodeInTurnAsync(GenerationRequest request, long length, IReadOnlyList<PoolEntry> models, CancellationToken cancellationToken)
    {
        // A prompt that takes more than there is goes alone.
        var bytes = length * BytesPerCharacter;
        using var turn = await limiter.AcquireAsync((int)Math.Clamp(bytes / PermitBytes, 1, permits), cancellationToken).ConfigureAwait(false);
        return turn.IsAcquired ? await factory.StartNew(() => Encode(request, models, cancellationToken), cancellationToken).ConfigureAwait(false) : [];
    }

    private static ImmutableArray<PromptForm> Encode(GenerationRequest request, IReadOnlyList<PoolEntry> models, CancellationToken cancellationToken) =>
        [.. models.GroupBy(model => FormOf(request, model), StringComparer.Ordinal).Select(alike => Encode(request, alike.Key, [.. alike], cancellationToken))];

    private static PromptForm Encode(GenerationRequest request, string form, ImmutableArray<PoolEntry> alike, CancellationToken cancellationToken)
    {
        try
        {
            return new PromptForm(form, PromptEncoding.Encode(request, alike[0].Tokenizer, alike[0].Chat, ContextOf(alike), cancellationToken), null) { StopIds = StopTokens.Find(request.Stop, alike[0].Tokenizer) };
        }
        catch (Exception error)
        {
            cancellationToken.ThrowIfCancellationRequested();
            return new PromptForm(form, null, error);
        }
    }

    /// <summary>The prompt where its length alone shows that it passes every context of the first model's ids; else null.</summary>
    private static EncodedPrompt? FindBeyond(GenerationRequest request, IReadOnlyList<PoolEntry> models)
    {
        if (request.Prompt is not { } text) return null;
        var context = ContextOf(models.Where(model => FormOf(request, model) == FormOf(request, models[0])));
        return models[0].Tokenizer.CountAtLeast(text) > context ? EncodedPrompt.Beyond(context, models[0].Tokenizer.Fingerprint) : null;
    }

    private static string FormOf(GenerationRequest request, PoolEntry model) => PromptEncoding.FormOf(request, model.Tokenizer, model.Chat);

    private static int ContextOf(IEnumerable<PoolEntry> models) => models.Max(model => model.Info.Architecture.ContextLength);
}
