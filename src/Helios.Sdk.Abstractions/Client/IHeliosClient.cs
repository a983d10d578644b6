namespace Helios.Sdk;

/// <summary>
/// Generates text with the models of one engine. Thread-safe: many requests at once is what it is for. Bad input throws
/// <see cref="ArgumentException"/> before anything is queued.
/// </summary>
public interface IHeliosClient
{
    /// <summary>
    /// Streams an answer piece by piece. Leaving the enumeration cancels the request. What the request itself says wrong throws here;
    /// what takes the models to see (an unknown model, a prompt beyond the context, a chat template that refuses) and a full queue throw
    /// when the enumeration begins, since nothing is queued before.
    /// </summary>
    /// <param name="request">Prompt and options.</param>
    /// <param name="cancellationToken">Cancels it wherever it is: in the queue, while a model loads, in prefill, in decode.</param>
    /// <exception cref="ArgumentException">The request is invalid: empty prompt, unknown model, context overflow, ...</exception>
    /// <exception cref="ConversationRefusedException">The model's chat template refuses the conversation; an <see cref="ArgumentException"/>.</exception>
    /// <exception cref="ChatTemplateException">The model has no usable chat template.</exception>
    /// <exception cref="ServerBusyException">The queue is full, or the request waited longer than <see cref="ServingOptions.MaxQueueTime"/> without being started.</exception>
    /// <exception cref="HeliosException">The engine failed, or cannot hold what the request asks for.</exception>
    /// <exception cref="OperationCanceledException"><paramref name="cancellationToken"/> was cancelled.</exception>
    /// <exception cref="ObjectDisposedException">The engine was stopped.</exception>
    IAsyncEnumerable<GenerationUpdate> StreamAsync(GenerationRequest request, CancellationToken cancellationToken = default);

    /// <summary>Generates a whole answer.</summary>
    /// <param name="request">Prompt and options.</param>
    /// <param name="cancellationToken">Cancels it wherever it is.</param>
    /// <exception cref="ArgumentException">The request is invalid.</exception>
    /// <exception cref="ServerBusyException">The queue is full, or the request waited longer than <see cref="ServingOptions.MaxQueueTime"/> without being started.</exception>
    /// <exception cref="HeliosException">The engine failed, or cannot hold what the request asks for.</exception>
    /// <exception cref="OperationCanceledException"><paramref name="cancellationToken"/> was cancelled.</exception>
    /// <exception cref="ObjectDisposedException">The engine was stopped.</exception>
    Task<GenerationResult> GenerateAsync(GenerationRequest request, CancellationToken cancellationToken = default);

    /// <summary>
    /// Generates several answers to one prompt, which is computed once. The first is the one that the request alone would be
    /// given; the others draw with seeds derived from its seed.
    /// </summary>
    /// <param name="request">Prompt and options.</param>
    /// <param name="samples">Answers wanted, at least 1; each takes a place in the queue, so at most <see cref="ServingOptions.MaxQueueLength"/> and <see cref="ServingOptions.MaxBatchSize"/> together.</param>
    /// <param name="cancellationToken">Cancels all of them.</param>
    /// <exception cref="ArgumentException">The request is invalid, or <paramref name="samples"/> is below 1, or more than there are places.</exception>
    /// <exception cref="ServerBusyException">The queue has not room for all of them.</exception>
    /// <exception cref="HeliosException">The engine failed, or cannot hold what the request asks for.</exception>
    /// <exception cref="OperationCanceledException"><paramref name="cancellationToken"/> was cancelled.</exception>
    /// <exception cref="ObjectDisposedException">The engine was stopped.</exception>
    Task<IReadOnlyList<GenerationResult>> GenerateAsync(GenerationRequest request, int samples, CancellationToken cancellationToken = default);
}
