using Helios.Sdk.Models;

namespace Helios.Sdk.Serving.Requests;

/// <summary>What a request must satisfy before anything is queued, against the model that is to answer it.</summary>
internal static class PromptRules
{
    /// <summary>What a request says about tokens, against the vocabulary that they are of.</summary>
    /// <exception cref="InvalidOptionException">Names the option, what was found and what is expected.</exception>
    public static void CheckVocabulary(GenerationRequest request, CheckpointInfo model)
    {
        foreach (var id in request.Sampling.LogitBias?.Keys ?? []) RequireId(nameof(request.Sampling.LogitBias), id, model);
        foreach (var id in request.StopTokenIds) RequireId(nameof(request.StopTokenIds), id, model);
        if (request.LogProbabilities > model.Architecture.VocabularySize)
            throw RequestRules.Bad(nameof(request.LogProbabilities), request.LogProbabilities, Invariant($"at most the {model.Architecture.VocabularySize} tokens of '{model.Name}'"));
    }

    /// <summary>What is wrong with a prompt and answer that pass the model's context: as many tokens as the request names, or one where it names none. Null when they fit.</summary>
    public static OptionFault? Overflow(GenerationRequest request, EncodedPrompt prompt, CheckpointInfo model) => Overflow(request, prompt.Ids.Count, prompt.IsCut, model);

    /// <summary>The same of a prompt that is not encoded.</summary>
    /// <param name="request">The request.</param>
    /// <param name="tokens">Tokens of the prompt.</param>
    /// <param name="isCut">Whether it has more of them.</param>
    /// <param name="model">The model.</param>
    public static OptionFault? Overflow(GenerationRequest request, int tokens, bool isCut, CheckpointInfo model)
    {
        var context = model.Architecture.ContextLength;
        if (!isCut && (long)tokens + (request.MaxTokens ?? 1) <= context) return null;
        return request.MaxTokens is { } named && !isCut && tokens < context
            ? new(nameof(request.MaxTokens), Invariant($"{named}"), Invariant($"at most {context - tokens}: {tokens} of the {context} tokens in the context of '{model.Name}' are the prompt's"))
            : new(OptionOf(request), isCut ? Invariant($"more than {tokens - 1} tokens") : Invariant($"{tokens} tokens"), Invariant($"fewer than {context}, the context of '{model.Name}', for an answer to fit"));
    }

    /// <exception cref="InvalidOptionException">An id is outside the vocabulary.</exception>
    public static void CheckIds(IReadOnlyList<int> ids, CheckpointInfo model)
    {
        if (FindBadId([.. ids], model) is { } bad) throw new InvalidOptionException(bad);
    }

    /// <summary>Whether a model has every id of a text.</summary>
    public static bool HasAllIds(CheckpointInfo model, ReadOnlySpan<int> ids) => !ids.ContainsAnyExceptInRange(0, model.Architecture.VocabularySize - 1);

    /// <summary>What is wrong with a prompt with an id that the model lacks; null when it has them all.</summary>
    public static OptionFault? FindBadId(GenerationRequest request, EncodedPrompt prompt, CheckpointInfo model)
    {
        if (prompt.HighestId < (uint)model.Architecture.VocabularySize) return null;
        return request.TokenIds is not null
            ? FindBadId([.. prompt.Ids], model)
            : new(OptionOf(request), Invariant($"encoded with token {(int)prompt.HighestId}"), IdsOf(model)) { Note = "Its tokenizer has more tokens than the model has rows." };
    }

    /// <summary>What is wrong with the first id outside the vocabulary; null when there is none.</summary>
    private static OptionFault? FindBadId(ReadOnlySpan<int> ids, CheckpointInfo model)
    {
        for (var i = 0; i < ids.Length; i++)
        {
            if ((uint)ids[i] >= (uint)model.Architecture.VocabularySize) return new(new(nameof(GenerationRequest.TokenIds), Invariant($"{i}")), Invariant($"{ids[i]}"), IdsOf(model));
        }

        return null;
    }

    private static void RequireId(string option, int id, CheckpointInfo model)
    {
        if ((uint)id >= (uint)model.Architecture.VocabularySize) throw RequestRules.Bad(option, Invariant($"given for token {id}"), IdsOf(model));
    }

    private static string IdsOf(CheckpointInfo model) => Invariant($"an id of '{model.Name}', 0 to {model.Architecture.VocabularySize - 1}");

    private static string OptionOf(GenerationRequest request) =>
        request.TokenIds is not null ? nameof(request.TokenIds) : request.Messages is not null ? nameof(request.Messages) : nameof(request.Prompt);
}
