namespace Helios.Sdk;

/// <summary>
/// Generates text with the models of one engine. Thread-safe, for many requests at once. Bad input throws
/// <see cref="ArgumentException"/> before the request is queued.
/// </summary>
public interface IHeliosClient
{
    /// <summary>
    /// Streams an answer piece by piece. Ending the enumeration early cancels the request. Errors in the request itself throw here. Errors
    /// that depend on the models (an unknown model, a prompt beyond the context, a chat template that refuses) and a full queue throw
    /// when the enumeration begins, because the request is queued then.
    /// </summary>
    /// <param name="request">Prompt and options.</param>
    /// <param name="cancellationToken">Cancels it in any state: in the queue, while a model loads, in prefill, in decode.</param>
    /// <exception cref="ArgumentException">The request is invalid: empty prompt, unknown model, context overflow, ...</exception>
    /// <exception cref="ConversationRefusedException">The model's chat template refuses the conversation; an <see cref="ArgumentException"/>.</exception>
    /// <exception cref="ChatTemplateException">The model has no usable chat template.</exception>
    /// <exception cref="ServerBusyException">The queue is full, or the request waited longer than <see cref="ServingOptions.MaxQueueTime"/> without being started.</exception>
    /// <exception cref="HeliosException">The engine failed, or has no memory for the request.</exception>
    /// <exception cref="OperationCanceledException"><paramref name="cancellationToken"/> was cancelled.</exception>
    /// <exception cref="ObjectDisposedException">The engine was stopped.</exception>
    IAsyncEnumerable<GenerationUpdate> StreamAsync(GenerationRequest request, CancellationToken cancellationToken = default);

    /// <summary>Generates a complete answer.</summary>
    /// <param name="request">Prompt and options.</param>
    /// <param name="cancellationToken">Cancels it in any state.</param>
    /// <exception cref="ArgumentException">The request is invalid.</exception>
    /// <exception cref="ServerBusyException">The queue is full, or the request waited longer than <see cref="ServingOptions.MaxQueueTime"/> without being started.</exception>
    /// <exception cref="HeliosException">The engine failed, or has no memory for the request.</exception>
    /// <exception cref="OperationCanceledException"><paramref name="cancellationToken"/> was cancelled.</exception>
    /// <exception cref="ObjectDisposedException">The engine was stopped.</exception>
    Task<GenerationResult> GenerateAsync(GenerationRequest request, CancellationToken cancellationToken = default);

    /// <summary>
    /// Generates several answers to one prompt, which is computed once. The first is the answer of the request alone; the others use
    /// seeds derived from its seed.
    /// </summary>
    /// <param name="request">Prompt and options.</param>
    /// <param name="samples">Number of answers, at least 1; each takes a place in the queue, so at most <see cref="ServingOptions.MaxQueueLength"/> plus <see cref="ServingOptions.MaxBatchSize"/>.</param>
    /// <param name="cancellationToken">Cancels all of them.</param>
    /// <exception cref="ArgumentException">The request is invalid, or <paramref name="samples"/> is below 1 or above the number of places.</exception>
    /// <exception cref="ServerBusyException">The queue has no room for all of them.</exception>
    /// <exception cref="HeliosException">The engine failed, or has no memory for the request.</exception>
    /// <exception cref="OperationCanceledException"><paramref name="cancellationToken"/> was cancelled.</exception>
    /// <exception cref="ObjectDisposedException">The engine was stopped.</exception>
    Task<IReadOnlyList<GenerationResult>> GenerateAsync(GenerationRequest request, int samples, CancellationToken cancellationToken = default);
}
