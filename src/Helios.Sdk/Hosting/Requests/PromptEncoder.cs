using System.Collections.Immutable;
using Helios.Sdk.Adaptation.Loading;
using Helios.Sdk.Serving.Requests;
using Helios.Sdk.Serving.Streaming;

namespace Helios.Sdk.Hosting.Requests;

/// <summary>
/// Puts what requests ask into the ids of every model that may answer them, before they are queued: the device thread encodes nothing.
/// Long prompts are encoded on the thread pool, as many at a time as half of the processors, and none further than its context.
/// </summary>
internal sealed class PromptEncoder
{
    /// <summary>Characters that are encoded where the request is made: a millisecond's worth at most.</summary>
    private const int Short = 4096;

    private readonly TaskFactory factory = new(new ConcurrentExclusiveSchedulerPair(TaskScheduler.Default, Math.Max(1, Environment.ProcessorCount / 2)).ConcurrentScheduler);

    /// <summary>Encodes a prompt.</summary>
    /// <param name="request">Has a prompt or messages.</param>
    /// <param name="models">Models that may answer it; the first is the one whose trouble is the caller's.</param>
    /// <param name="cancellationToken">Ends the wait at once, and the encoding soon after.</param>
    /// <returns>The prompt in the ids of the first model, and in those of the others that have others, or why not.</returns>
    /// <exception cref="ArgumentException">The first model cannot take it.</exception>
    /// <exception cref="HeliosException">Likewise.</exception>
    public async ValueTask<(EncodedPrompt Prompt, ImmutableArray<PromptForm> Others)> EncodeAsync(GenerationRequest request, IReadOnlyList<PoolEntry> models, CancellationToken cancellationToken)
    {
        var forms = LengthOf(request) <= Short
            ? Encode(request, models, cancellationToken)
            : await factory.StartNew(() => Encode(request, models, cancellationToken), cancellationToken).WaitAsync(cancellationToken).ConfigureAwait(false);
        if (forms[0].Trouble is { } trouble) throw trouble;
        return (forms[0].Prompt!, forms[1..]);
    }

    private static ImmutableArray<PromptForm> Encode(GenerationRequest request, IReadOnlyList<PoolEntry> models, CancellationToken cancellationToken) =>
        [.. models.GroupBy(model => PromptEncoding.FormOf(request, model.Tokenizer, model.Chat), StringComparer.Ordinal).Select(alike => Encode(request, alike.Key, [.. alike], cancellationToken))];

    private static PromptForm Encode(GenerationRequest request, string form, ImmutableArray<PoolEntry> alike, CancellationToken cancellationToken)
    {
        try
        {
            var context = alike.Max(model => model.Info.Architecture.ContextLength);
            return new PromptForm(form, PromptEncoding.Encode(request, alike[0].Tokenizer, alike[0].Chat, context, cancellationToken), null) { StopIds = StopTokens.Find(request.Stop, alike[0].Tokenizer) };
        }
        catch (Exception error) when (!cancellationToken.IsCancellationRequested)
        {
            return new PromptForm(form, null, error);
        }
    }

    private static long LengthOf(GenerationRequest request) => request.Prompt?.Length ?? request.Messages!.Sum(message => (long)message.Content.Length);
}
