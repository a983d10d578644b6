namespace Helios.Sdk.Serving.Requests;

/// <summary>What a request must satisfy before anything is queued.</summary>
internal static class PromptRules
{
    /// <exception cref="ArgumentException">Names the option, what was found and what is expected.</exception>
    public static void Check(GenerationRequest request)
    {
        if (request.Prompt is null == request.TokenIds is null) throw new ArgumentException($"Exactly one of {nameof(request.Prompt)} and {nameof(request.TokenIds)} must be given.", nameof(request));
        if (request.Prompt is "" || request.TokenIds is { Count: 0 }) throw new ArgumentException("The prompt is empty; it must have at least one token.", nameof(request));
        if (request.MaxTokens < 1) throw Bad(nameof(request.MaxTokens), request.MaxTokens, "at least 1");
        if (!(request.Temperature >= 0) || !float.IsFinite(request.Temperature)) throw Bad(nameof(request.Temperature), request.Temperature, "a finite number of at least 0");
        if (!(request.TopP > 0 && request.TopP <= 1)) throw Bad(nameof(request.TopP), request.TopP, "above 0 and at most 1");
        if (request.TopK < 0) throw Bad(nameof(request.TopK), request.TopK, "at least 0 (0 keeps all)");
        if (request.MaxQualityGap is { } gap && !(gap >= 0)) throw Bad(nameof(request.MaxQualityGap), gap, "at least 0 bits per byte");
        if (request.Stop.IsDefault) throw new ArgumentException($"{nameof(request.Stop)} is not initialised; leave it out for no stop strings.", nameof(request));
        if (request.Stop.Any(string.IsNullOrEmpty)) throw new ArgumentException($"{nameof(request.Stop)} holds an empty stop string.", nameof(request));
        if (request.Tenant is "") throw new ArgumentException($"{nameof(request.Tenant)} is empty; leave it null for the anonymous tenant.", nameof(request));
        if (!Enum.IsDefined(request.Priority)) throw Bad(nameof(request.Priority), request.Priority, string.Join(", ", Enum.GetNames<RequestPriority>()));
        CheckSpan(nameof(request.FirstTokenWithin), request.FirstTokenWithin);
        CheckSpan(nameof(request.CompleteWithin), request.CompleteWithin);
        CheckSpan(nameof(request.TimeLimit), request.TimeLimit);
    }

    /// <summary>Message for a prompt and answer that pass the model's context.</summary>
    public static string Overflow(CheckpointInfo model, int promptTokens, int maxTokens) =>
        $"Prompt ({promptTokens} tokens) and {nameof(GenerationRequest.MaxTokens)} ({maxTokens}) together pass the context of '{model.Name}' ({model.Architecture.ContextLength} tokens).";

    /// <exception cref="ArgumentException">An id is outside the vocabulary.</exception>
    public static void CheckIds(IReadOnlyList<int> ids, CheckpointInfo model)
    {
        if (FindBadId([.. ids], model) is { } bad) throw new ArgumentException(bad, nameof(ids));
    }

    /// <summary>Message for the first id outside the vocabulary; null when there is none.</summary>
    public static string? FindBadId(ReadOnlySpan<int> ids, CheckpointInfo model)
    {
        for (var i = 0; i < ids.Length; i++)
        {
            if ((uint)ids[i] >= (uint)model.Architecture.VocabularySize)
                return $"{nameof(GenerationRequest.TokenIds)}[{i}] is {ids[i]}; ids of '{model.Name}' run from 0 to {model.Architecture.VocabularySize - 1}.";
        }

        return null;
    }

    private static void CheckSpan(string option, TimeSpan? span)
    {
        if (span <= TimeSpan.Zero) throw Bad(option, span, "above 0, or null");
    }

    private static ArgumentException Bad(string option, object found, string expected) =>
        new($"{option} is {found}; expected {expected}.", option);
}
