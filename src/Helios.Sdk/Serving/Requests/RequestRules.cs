using System.Collections.Immutable;

namespace Helios.Sdk.Serving.Requests;

/// <summary>What a request must satisfy whichever model answers it. Compiled into the scripted client too, which refuses what the engine refuses.</summary>
internal static class RequestRules
{
    /// <summary>Most stop strings of a request.</summary>
    public const int MostStops = 64;

    /// <summary>Most stop ids of a request: each is compared with every token.</summary>
    public const int MostStopTokenIds = 1024;

    /// <summary>Most characters of a stop string.</summary>
    private const int LongestStop = 1024;

    /// <summary>Most characters of all stop strings together: bounds what their automaton takes, some 110 KB.</summary>
    private const int LongestStops = 4096;

    private const int MostLogProbabilities = 20;

    /// <summary>Most characters of the names of a tenant, a model and a role.</summary>
    private const int LongestName = 256;

    /// <summary>Most messages of a conversation: a template takes some microseconds and a kilobyte for each, whatever it makes of it.</summary>
    private const int MostMessages = 10_000;

    /// <summary>Most characters of all messages together: a template renders no longer text.</summary>
    private const int LongestMessages = 4 << 20;

    /// <exception cref="ArgumentException">Names the option, what was found and what is expected; an <see cref="InvalidOptionException"/> where it is one option.</exception>
    public static void Check(GenerationRequest request)
    {
        CheckPrompt(request);
        if (request.MaxTokens < 1) throw Bad(nameof(request.MaxTokens), request.MaxTokens, "at least 1");
        CheckSampling(request.Sampling);
        if (request.LogProbabilities is < 0 or > MostLogProbabilities) throw Bad(nameof(request.LogProbabilities), request.LogProbabilities, $"a number from 0 to {MostLogProbabilities} (null for none)");
        if (request.MaxQualityGap is { } gap && !(gap >= 0)) throw Bad(nameof(request.MaxQualityGap), gap, "at least 0 bits per byte");
        CheckStop(request);
        CheckName(nameof(request.Tenant), request.Tenant, "a name, or null for the anonymous tenant");
        CheckName(nameof(request.Model), request.Model, "the name of a model of the pool, or null for the active point");
        if (!Enum.IsDefined(request.Priority)) throw Bad(nameof(request.Priority), request.Priority, string.Join(", ", Enum.GetNames<RequestPriority>()));
        CheckSpan(nameof(request.FirstTokenWithin), request.FirstTokenWithin);
        CheckSpan(nameof(request.CompleteWithin), request.CompleteWithin);
        CheckSpan(nameof(request.TimeLimit), request.TimeLimit);
    }

    private static void CheckPrompt(GenerationRequest request)
    {
        if (request.Prompt is "" || request.TokenIds is { Count: 0 }) throw new ArgumentException("The prompt is empty; it must have at least one token.", nameof(request));
        if (request.Messages is not { } messages) return;
        if (messages.Count == 0) throw Bad(nameof(request.Messages), "empty", "at least one message");
        if (messages.Count > MostMessages) throw Bad(nameof(request.Messages), Invariant($"{messages.Count} messages"), Invariant($"at most {MostMessages}"));
        var characters = 0L;
        for (var i = 0; i < messages.Count; i++)
        {
            if (messages[i] is not { Content: not null }) throw Bad(new(nameof(request.Messages), Invariant($"{i}")), "null or without content", "a message with content");
            if (string.IsNullOrWhiteSpace(messages[i].Role)) throw Bad(new(nameof(request.Messages), Invariant($"{i}"), nameof(ChatTurn.Role)), "empty", "system, user or assistant, or another role that the chat template knows");
            if (messages[i].Role.Length > LongestName) throw Bad(new(nameof(request.Messages), Invariant($"{i}"), nameof(ChatTurn.Role)), Invariant($"{messages[i].Role.Length} characters long"), Invariant($"at most {LongestName}"));
            characters += messages[i].Content.Length;
        }

        if (characters > LongestMessages) throw Bad(nameof(request.Messages), Invariant($"{characters} characters together"), Invariant($"at most {LongestMessages}"));
    }

    /// <summary>Names are shown in messages and logs: they are short, and of one line.</summary>
    private static void CheckName(string option, string? name, string expected)
    {
        if (name is "") throw Bad(option, "empty", expected);
        if (name?.Length > LongestName) throw Bad(option, Invariant($"{name.Length} characters long"), Invariant($"at most {LongestName}"));
        if (name?.Any(char.IsControl) is true) throw Bad(option, "a name with control characters", expected);
    }

    private static void CheckStop(GenerationRequest request)
    {
        if (request.Stop is not { } stop) throw Missing(nameof(request.Stop));
        if (stop.Count > MostStops) throw Bad(nameof(request.Stop), Invariant($"more than {MostStops} strings"), Invariant($"at most {MostStops}"));
        var characters = 0L;
        for (var i = 0; i < stop.Count; i++)
        {
            if (string.IsNullOrEmpty(stop[i])) throw Bad(nameof(request.Stop), "given an empty string", "stop strings with at least one character");
            if (stop[i].Length > LongestStop) throw Bad(new(nameof(request.Stop), Invariant($"{i}")), Invariant($"{stop[i].Length} characters long"), Invariant($"at most {LongestStop}"));
            characters += stop[i].Length;
        }

        if (characters > LongestStops) throw Bad(nameof(request.Stop), Invariant($"{characters} characters together"), Invariant($"at most {LongestStops}"));
        if (request.StopTokenIds is null) throw Missing(nameof(request.StopTokenIds));
        if (request.StopTokenIds.Count > MostStopTokenIds) throw Bad(nameof(request.StopTokenIds), Invariant($"more than {MostStopTokenIds} ids"), Invariant($"at most {MostStopTokenIds}"));
    }

    private static void CheckSampling(SamplingOptions? sampling)
    {
        if (sampling is null) throw Missing(nameof(GenerationRequest.Sampling));
        if (sampling.Temperature is { } temperature && (!(temperature >= 0) || !float.IsFinite(temperature))) throw Bad(nameof(sampling.Temperature), temperature, "a finite number of at least 0");
        if (sampling.TopP is { } topP && !(topP > 0 && topP <= 1)) throw Bad(nameof(sampling.TopP), sampling.TopP, "above 0 and at most 1");
        if (sampling.TopK < 0) throw Bad(nameof(sampling.TopK), sampling.TopK, "at least 0 (0 keeps all)");
        if (sampling.MinP is { } minP && !(minP >= 0 && minP <= 1)) throw Bad(nameof(sampling.MinP), sampling.MinP, "a number from 0 to 1 (0 keeps all)");
        if (sampling.RepetitionPenalty is { } repetition && !(repetition >= 0.1f && repetition <= 10)) throw Bad(nameof(sampling.RepetitionPenalty), sampling.RepetitionPenalty, "a number from 0.1 to 10 (1 changes nothing)");
        if (!(Math.Abs(sampling.PresencePenalty) <= 2)) throw Bad(nameof(sampling.PresencePenalty), sampling.PresencePenalty, "a number from -2 to 2 (0 changes nothing)");
        if (!(Math.Abs(sampling.FrequencyPenalty) <= 2)) throw Bad(nameof(sampling.FrequencyPenalty), sampling.FrequencyPenalty, "a number from -2 to 2 (0 changes nothing)");
        foreach (var (id, bias) in sampling.LogitBias ?? ImmutableDictionary<int, float>.Empty)
        {
            if (!(Math.Abs(bias) <= 100 || float.IsNegativeInfinity(bias)))
                throw Bad(new(nameof(sampling.LogitBias), Invariant($"{id}")), bias, "a number from -100 to 100, or negative infinity to forbid the token");
        }

        if (sampling.LogitsProcessors is null) throw Missing(nameof(sampling.LogitsProcessors));
        if (sampling.LogitsProcessors.Any(processor => processor is null)) throw Bad(nameof(sampling.LogitsProcessors), "given a null", "processors");
    }

    private static void CheckSpan(string option, TimeSpan? span)
    {
        if (span <= TimeSpan.Zero) throw Bad(option, span, "above 0, or null");
    }

    private static InvalidOptionException Missing(string option) => Bad(option, "null", "a value; leave it out for none");

    public static InvalidOptionException Bad(OptionPath option, object? found, string expected) => new(new OptionFault(option, Invariant($"{found}"), expected));
}
