using System.Collections.Immutable;

namespace Helios.Sdk.Serving.Requests;

/// <summary>What a request must satisfy whichever model answers it. Compiled into the scripted client too, which refuses what the engine refuses.</summary>
internal static class RequestRules
{
    private const int MostLogProbabilities = 20;

    /// <exception cref="ArgumentException">Names the option, what was found and what is expected.</exception>
    public static void Check(GenerationRequest request)
    {
        CheckPrompt(request);
        if (request.MaxTokens < 1) throw Bad(nameof(request.MaxTokens), request.MaxTokens, "at least 1");
        if (!(request.Temperature >= 0) || !float.IsFinite(request.Temperature)) throw Bad(nameof(request.Temperature), request.Temperature, "a finite number of at least 0");
        if (!(request.TopP > 0 && request.TopP <= 1)) throw Bad(nameof(request.TopP), request.TopP, "above 0 and at most 1");
        if (request.TopK < 0) throw Bad(nameof(request.TopK), request.TopK, "at least 0 (0 keeps all)");
        if (!(request.MinP >= 0 && request.MinP <= 1)) throw Bad(nameof(request.MinP), request.MinP, "a number from 0 to 1 (0 keeps all)");
        CheckLogits(request);
        if (request.MaxQualityGap is { } gap && !(gap >= 0)) throw Bad(nameof(request.MaxQualityGap), gap, "at least 0 bits per byte");
        if (request.Stop.IsDefault) throw new ArgumentException($"{nameof(request.Stop)} is not initialised; leave it out for no stop strings.", nameof(request));
        if (request.Stop.Any(string.IsNullOrEmpty)) throw new ArgumentException($"{nameof(request.Stop)} holds an empty stop string.", nameof(request));
        if (request.StopTokenIds.IsDefault) throw new ArgumentException($"{nameof(request.StopTokenIds)} is not initialised; leave it out for no stop ids.", nameof(request));
        if (request.Tenant is "") throw new ArgumentException($"{nameof(request.Tenant)} is empty; leave it null for the anonymous tenant.", nameof(request));
        if (!Enum.IsDefined(request.Priority)) throw Bad(nameof(request.Priority), request.Priority, string.Join(", ", Enum.GetNames<RequestPriority>()));
        CheckSpan(nameof(request.FirstTokenWithin), request.FirstTokenWithin);
        CheckSpan(nameof(request.CompleteWithin), request.CompleteWithin);
        CheckSpan(nameof(request.TimeLimit), request.TimeLimit);
    }

    private static void CheckPrompt(GenerationRequest request)
    {
        if (new object?[] { request.Prompt, request.TokenIds, request.Messages }.Count(given => given is not null) != 1)
            throw new ArgumentException($"Exactly one of {nameof(request.Prompt)}, {nameof(request.TokenIds)} and {nameof(request.Messages)} must be given.", nameof(request));
        if (request.Prompt is "" || request.TokenIds is { Count: 0 }) throw new ArgumentException("The prompt is empty; it must have at least one token.", nameof(request));
        if (request.Messages is not { } messages) return;
        if (messages.Count == 0) throw new ArgumentException($"{nameof(request.Messages)} is empty; expected at least one message.", nameof(request));
        for (var i = 0; i < messages.Count; i++)
        {
            if (messages[i] is not { Content: not null }) throw new ArgumentException(Invariant($"{nameof(request.Messages)}[{i}] is null, or has no content."), nameof(request));
            if (string.IsNullOrWhiteSpace(messages[i].Role)) throw new ArgumentException(Invariant($"{nameof(request.Messages)}[{i}] has no role; expected system, user or assistant, or what else the chat template knows."), nameof(request));
        }
    }

    private static void CheckLogits(GenerationRequest request)
    {
        if (!(request.RepetitionPenalty >= 0.1f && request.RepetitionPenalty <= 10)) throw Bad(nameof(request.RepetitionPenalty), request.RepetitionPenalty, "a number from 0.1 to 10 (1 changes nothing)");
        if (!(Math.Abs(request.PresencePenalty) <= 2)) throw Bad(nameof(request.PresencePenalty), request.PresencePenalty, "a number from -2 to 2 (0 changes nothing)");
        if (!(Math.Abs(request.FrequencyPenalty) <= 2)) throw Bad(nameof(request.FrequencyPenalty), request.FrequencyPenalty, "a number from -2 to 2 (0 changes nothing)");
        foreach (var (id, bias) in request.LogitBias ?? ImmutableDictionary<int, float>.Empty)
        {
            if (!(Math.Abs(bias) <= 100 || float.IsNegativeInfinity(bias)))
                throw Bad(Invariant($"{nameof(request.LogitBias)}[{id}]"), bias, "a number from -100 to 100, or negative infinity to forbid the token");
        }

        if (request.LogitsProcessors.IsDefault) throw new ArgumentException($"{nameof(request.LogitsProcessors)} is not initialised; leave it out for none.", nameof(request));
        if (request.LogitsProcessors.Any(processor => processor is null)) throw new ArgumentException($"{nameof(request.LogitsProcessors)} holds a null.", nameof(request));
        if (request.LogProbabilities is < 0 or > MostLogProbabilities) throw Bad(nameof(request.LogProbabilities), request.LogProbabilities, $"a number from 0 to {MostLogProbabilities} (null for none)");
    }

    private static void CheckSpan(string option, TimeSpan? span)
    {
        if (span <= TimeSpan.Zero) throw Bad(option, span, "above 0, or null");
    }

    public static ArgumentException Bad(string option, object? found, string expected) =>
        new(Invariant($"{option} is {found}; expected {expected}."), option);
}
