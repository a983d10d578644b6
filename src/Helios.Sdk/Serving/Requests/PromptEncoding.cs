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

    /// <summary>Encodes a request's prompt or conversation.</summary>
    /// <exception cref="ArgumentException">The model has no tokenizer.</exception>
    /// <exception cref="ConversationRefusedException">The model's chat template refuses the conversation.</exception>
    /// <exception cref="ChatTemplateException">The model has no usable chat template.</exception>
    public static EncodedPrompt Encode(GenerationRequest request, ITokenizer tokenizer, ChatFormat? chat)
    {
        if (request.Messages is not { } messages) return new EncodedPrompt(tokenizer.Encode(request.Prompt!), tokenizer.Fingerprint);
        if (chat is null) throw new ChatTemplateException("The model takes no conversations.");
        return new EncodedPrompt(chat.Encode(messages), tokenizer.Fingerprint) { Form = chat.Fingerprint, EndIds = chat.EndIds };
    }
}
