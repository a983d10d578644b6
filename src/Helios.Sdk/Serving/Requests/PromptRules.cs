using System.Globalization;

namespace Helios.Sdk.Serving.Requests;

/// <summary>What a request must satisfy before anything is queued, against the model that is to answer it.</summary>
internal static class PromptRules
{
    /// <summary>What a request says about tokens, against the vocabulary that they are of.</summary>
    /// <exception cref="ArgumentException">Names the option, what was found and what is expected.</exception>
    public static void CheckVocabulary(GenerationRequest request, CheckpointInfo model)
    {
        foreach (var id in request.Sampling.LogitBias?.Keys ?? []) RequireId(nameof(request.Sampling.LogitBias), id, model);
        foreach (var id in request.StopTokenIds) RequireId(nameof(request.StopTokenIds), id, model);
        if (request.LogProbabilities > model.Architecture.VocabularySize)
            throw RequestRules.Bad(nameof(request.LogProbabilities), request.LogProbabilities, Invariant($"at most the {model.Architecture.VocabularySize} tokens of '{model.Name}'"));
    }

    /// <summary>Whether prompt and answer fit the model's context: as many tokens as the request names, or one where it names none.</summary>
    public static bool FitsContext(GenerationRequest request, EncodedPrompt prompt, CheckpointInfo model) =>
        !prompt.IsCut && (long)prompt.Ids.Count + (request.MaxTokens ?? 1) <= model.Architecture.ContextLength;

    /// <summary>Message for a prompt and answer that pass the model's context.</summary>
    public static string Overflow(GenerationRequest request, EncodedPrompt prompt, CheckpointInfo model)
    {
        var promptTokens = prompt.IsCut ? Invariant($"more than {prompt.Ids.Count - 1}") : prompt.Ids.Count.ToString(CultureInfo.InvariantCulture);
        var context = Invariant($"the context of '{model.Name}' ({model.Architecture.ContextLength} tokens)");
        return request.MaxTokens is { } named
            ? Invariant($"Prompt ({promptTokens} tokens) and {nameof(GenerationRequest.MaxTokens)} ({named}) together pass {context}.")
            : Invariant($"Prompt ({promptTokens} tokens) leaves no room for an answer in {context}.");
    }

    /// <exception cref="ArgumentException">An id is outside the vocabulary.</exception>
    public static void CheckIds(IReadOnlyList<int> ids, CheckpointInfo model)
    {
        if (FindBadId([.. ids], model) is { } bad) throw new ArgumentException(bad, nameof(ids));
    }

    /// <summary>Whether a model has every id of a text.</summary>
    public static bool HasAllIds(CheckpointInfo model, ReadOnlySpan<int> ids) => !ids.ContainsAnyExceptInRange(0, model.Architecture.VocabularySize - 1);

    /// <summary>Message for a prompt with an id that the model lacks; null when it has them all.</summary>
    public static string? FindBadId(GenerationRequest request, EncodedPrompt prompt, CheckpointInfo model)
    {
        if (prompt.HighestId < (uint)model.Architecture.VocabularySize) return null;
        return request.TokenIds is not null
            ? FindBadId([.. prompt.Ids], model)
            : Invariant($"The prompt has token {(int)prompt.HighestId}, which '{model.Name}' lacks: its ids run from 0 to {model.Architecture.VocabularySize - 1}. Its tokenizer has more tokens than the model has rows.");
    }

    /// <summary>Message for the first id outside the vocabulary; null when there is none.</summary>
    private static string? FindBadId(ReadOnlySpan<int> ids, CheckpointInfo model)
    {
        for (var i = 0; i < ids.Length; i++)
        {
            if ((uint)ids[i] >= (uint)model.Architecture.VocabularySize)
                return Invariant($"{nameof(GenerationRequest.TokenIds)}[{i}] is {ids[i]}; ids of '{model.Name}' run from 0 to {model.Architecture.VocabularySize - 1}.");
        }

        return null;
    }

    private static void RequireId(string option, int id, CheckpointInfo model)
    {
        if ((uint)id >= (uint)model.Architecture.VocabularySize)
            throw new ArgumentException(Invariant($"{option} names token {id}; ids of '{model.Name}' run from 0 to {model.Architecture.VocabularySize - 1}."), option);
    }
}
