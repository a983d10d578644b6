using System.Runtime.CompilerServices;
using Microsoft.Extensions.AI;

namespace Helios.Sdk;

/// <summary>
/// An engine as an <see cref="IChatClient"/>: the chat template of the answering model renders the messages. Options map to those of
/// <see cref="GenerationRequest"/>; unsupported features (tools, JSON schemas, contents other than text, ...) are refused with
/// <see cref="NotSupportedException"/>, never ignored. Thread-safe. It does not own the engine: disposing it does nothing.
/// </summary>
/// <remarks>
/// Without <see cref="ChatOptions.MaxOutputTokens"/> an answer continues to its own end, or to the end of the context, which gives <see cref="ChatFinishReason.Length"/>.
/// <see cref="ChatOptions.RawRepresentationFactory"/> may return a <see cref="GenerationRequest"/> without a prompt, for options that
/// <see cref="ChatOptions"/> does not have; set options take precedence over it. Additional properties are those of
/// <see cref="HeliosChatProperties"/>.
/// </remarks>
public sealed class HeliosChatClient : IChatClient
{
    private readonly IHeliosClient client;
    private readonly string? model;
    private readonly TimeProvider time;
    private readonly ChatClientMetadata metadata;

    /// <summary>Creates a chat client.</summary>
    /// <param name="client">The engine's client; it must outlive this client.</param>
    /// <param name="modelId">Name of the model that answers if <see cref="ChatOptions.ModelId"/> is null; with null the engine chooses.</param>
    /// <param name="time">The clock of <see cref="ChatResponse.CreatedAt"/>; the system's if null.</param>
    public HeliosChatClient(IHeliosClient client, string? modelId = null, TimeProvider? time = null)
    {
        ArgumentNullException.ThrowIfNull(client);
        this.client = client;
        this.time = time ?? TimeProvider.System;
        model = modelId;
        metadata = new ChatClientMetadata("helios", defaultModelId: modelId ?? OnlyModelOf(client));
    }

    /// <summary>Answers a conversation.</summary>
    /// <param name="messages">The complete conversation, oldest first.</param>
    /// <param name="options">Options of the answer.</param>
    /// <param name="cancellationToken">Cancels the request in any state.</param>
    /// <exception cref="ArgumentException">A message or an option is malformed, the model is unknown, or the conversation does not fit its context.</exception>
    /// <exception cref="NotSupportedException">A message or an option uses an unsupported feature; the exception message names it.</exception>
    /// <exception cref="ConversationRefusedException">The model's chat template refuses the conversation; an <see cref="ArgumentException"/>.</exception>
    /// <exception cref="ChatTemplateException">The model has no usable chat template.</exception>
    /// <exception cref="ServerBusyException">The queue is full, or the request waited in it too long.</exception>
    /// <exception cref="HeliosException">The engine failed, or has no memory for the request.</exception>
    /// <exception cref="OperationCanceledException"><paramref name="cancellationToken"/> was cancelled.</exception>
    /// <exception cref="ObjectDisposedException">The engine was stopped.</exception>
    public async Task<ChatResponse> GetResponseAsync(IEnumerable<ChatMessage> messages, ChatOptions? options = null, CancellationToken cancellationToken = default)
    {
        var request = ChatRequests.Create(messages, options, model, this);
        var result = await client.GenerateAsync(request, cancellationToken).ConfigureAwait(false);
        var id = NewId();
        return new ChatResponse(new ChatMessage(ChatRole.Assistant, result.Text) { MessageId = id })
        {
            ResponseId = id,
            CreatedAt = time.GetUtcNow(),
            ModelId = result.Point?.Target.Model ?? request.Model,
            FinishReason = ToReason(result.FinishReason),
            Usage = ToUsage(result.PromptIds.Count, result.TokenIds.Count, result.CachedPromptTokens),
            RawRepresentation = result,
            AdditionalProperties = new AdditionalPropertiesDictionary
            {
                [HeliosChatProperties.ExitDepths] = result.ExitDepths,
                [HeliosChatProperties.OperatingPoint] = result.Point,
            },
        };
    }

    /// <summary>
    /// Answers a conversation piece by piece, one update per token; the last one has the finish reason and the usage. Ending the
    /// enumeration early cancels the request.
    /// </summary>
    /// <param name="messages">The complete conversation, oldest first; read before this returns.</param>
    /// <param name="options">Options of the answer.</param>
    /// <param name="cancellationToken">Cancels the request in any state.</param>
    /// <exception cref="ArgumentException">A message or an option is malformed: thrown here. The model is unknown, or the conversation does not fit its context: thrown when the enumeration begins.</exception>
    /// <exception cref="NotSupportedException">A message or an option uses an unsupported feature: thrown here.</exception>
    /// <exception cref="ConversationRefusedException">The model's chat template refuses the conversation, an <see cref="ArgumentException"/>: thrown when the enumeration begins, like the exceptions below.</exception>
    /// <exception cref="ChatTemplateException">The model has no usable chat template.</exception>
    /// <exception cref="ServerBusyException">The queue is full, or the request waited in it too long.</exception>
    /// <exception cref="HeliosException">The engine failed, or has no memory for the request.</exception>
    /// <exception cref="OperationCanceledException"><paramref name="cancellationToken"/> was cancelled.</exception>
    /// <exception cref="ObjectDisposedException">The engine was stopped.</exception>
    public IAsyncEnumerable<ChatResponseUpdate> GetStreamingResponseAsync(IEnumerable<ChatMessage> messages, ChatOptions? options = null, CancellationToken cancellationToken = default)
    {
        var request = ChatRequests.Create(messages, options, model, this);
        return StreamAsync(request, client.StreamAsync(request, cancellationToken), cancellationToken);
    }

    /// <summary>
    /// Finds <see cref="ChatClientMetadata"/>, the <see cref="IHeliosClient"/> of this client by any of its types
    /// (for example <see cref="HeliosEngine"/>), or this client itself.
    /// </summary>
    /// <param name="serviceType">The requested type.</param>
    /// <param name="serviceKey">Services have no keys: any key but null finds nothing.</param>
    public object? GetService(Type serviceType, object? serviceKey = null)
    {
        ArgumentNullException.ThrowIfNull(serviceType);
        if (serviceKey is not null) return null;
        return serviceType == typeof(ChatClientMetadata) ? metadata
            : serviceType.IsInstanceOfType(this) ? this
            : serviceType.IsInstanceOfType(client) ? client
            : null;
    }

    /// <summary>Does nothing: the engine belongs to the code that created it.</summary>
    public void Dispose()
    {
    }

    private async IAsyncEnumerable<ChatResponseUpdate> StreamAsync(GenerationRequest request, IAsyncEnumerable<GenerationUpdate> pieces, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var id = NewId();
        var created = time.GetUtcNow();
        var tokens = 0;
        await foreach (var piece in pieces.WithCancellation(cancellationToken).ConfigureAwait(false))
        {
            var isToken = piece.TokenId is not null;
            if (isToken) tokens++;
            var update = new ChatResponseUpdate
            {
                Role = ChatRole.Assistant,
                ResponseId = id,
                MessageId = id,
                CreatedAt = created,
                ModelId = piece.Point?.Target.Model ?? request.Model,
                RawRepresentation = piece,
                AdditionalProperties = new AdditionalPropertiesDictionary { [HeliosChatProperties.OperatingPoint] = piece.Point },
            };
            if (isToken) update.AdditionalProperties[HeliosChatProperties.ExitDepth] = piece.ExitDepth;
            if (piece.Text.Length > 0) update.Contents.Add(new TextContent(piece.Text));
            if (piece.FinishReason is { } reason)
            {
                update.FinishReason = ToReason(reason);
                update.Contents.Add(new UsageContent(ToUsage(piece.PromptTokens, tokens, piece.CachedPromptTokens)));
            }

            yield return update;
        }
    }

    private static string? OnlyModelOf(IHeliosClient client) =>
        client is HeliosEngine engine && engine.Pool.Snapshot.Models is [var only] ? only.Info.Name : null;

    private static string NewId() => Guid.NewGuid().ToString("N");

    private static ChatFinishReason ToReason(FinishReason reason) => new(HeliosTelemetry.NameOf(reason));

    private static UsageDetails ToUsage(int prompt, int answer, int cached) => new()
    {
        InputTokenCount = prompt,
        OutputTokenCount = answer,
        TotalTokenCount = prompt + answer,
        CachedInputTokenCount = cached,
    };
}
