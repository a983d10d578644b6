using Helios.Sdk.Tokenization;
using Helios.Sdk.Tokenization.ChatTemplates;

namespace Helios.Sdk.Serving.Requests;

/// <summary>Puts what a request asks into the ids of a model.</summary>
internal static class PromptEncoding
{
    /// <summary>Equal for models that give a request equal ids.</summary>
    public static string FormOf(GenerationRequest request, ITokenizer tokenizer, ChatFormat? chat) =>
        request.Messages is null || chat is null ? tokenizer.Fingerprint : chat.Fingerprint;

    /// <summary>Whether a request that is not in ids yet can be put into those of a model.</summary>
    public static bool CanEncode(GenerationRequest request, ITokenizer tokenizer, ChatFormat? chat) =>
        tokenizer.VocabularySize > 0 && (request.Prompt is not null || (request.Messages is not null && chat is not null));

    /// <summary>Characters of what a request asks in words, with some for what a chat template puts around each turn; 0 where it is in ids.</summary>
    public static long LengthOf(GenerationRequest request)
    {
        const int around = 32;
        return request.Prompt?.Length ?? request.Messages?.Sum(static turn => (long)turn.Content.Length + turn.Role.Length + around) ?? 0;
    }

    /// <summary>Encodes a request's prompt or conversation, no further than a context takes it.</summary>
    /// <param name="request">Has a prompt or messages.</param>
    /// <param name="tokenizer">The model's tokenizer.</param>
    /// <param name="chat">How conversations are put to the model.</param>
    /// <param name="context">Ids beyond these are of no use.</param>
    /// <param name="cancellationToken">Ends it.</param>
    /// <exception cref="ArgumentException">The model has no tokenizer, or the prompt has no tokens.</exception>
    /// <exception cref="ConversationRefusedException">The model's chat template refuses the conversation.</exception>
    /// <exception cref="ChatTemplateException">The model has no usable chat template.</exception>
    public static EncodedPrompt Encode(GenerationRequest request, ITokenizer tokenizer, ChatFormat? chat, int context, CancellationToken cancellationToken = default)
    {
        if (request.Messages is not { } messages) return Make(tokenizer.EncodeUpTo(context, request.Prompt!, [], cancellationToken: cancellationToken), context, tokenizer);
        if (chat is null) throw new ChatTemplateException("The model takes no conversations.");
        return Make(chat.EncodeUpTo(context, messages, cancellationToken), context, tokenizer) with { Form = chat.Fingerprint, EndIds = chat.EndIds };
    }

    private static EncodedPrompt Make(IReadOnlyList<int>? ids, int context, ITokenizer tokenizer)
    {
        if (ids is { Count: 0 }) throw new ArgumentException("The prompt has no tokens.", nameof(ids));
        return ids is null ? EncodedPrompt.Beyond(context, tokenizer.Fingerprint) : new EncodedPrompt(ids, tokenizer.Fingerprint);
    }
}
