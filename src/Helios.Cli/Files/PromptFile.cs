using System.Text.Json;
using Helios.Cli.Errors;
using Helios.Cli.Output;
using Helios.Sdk;
using Helios.Sdk.Naming;

namespace Helios.Cli.Files;

/// <summary>Reads prompts, one JSON object a line.</summary>
internal static class PromptFile
{
    /// <param name="path">The file.</param>
    /// <param name="defaultMaxTokens">Most tokens of an answer where the line says nothing.</param>
    /// <exception cref="FileException">A line is unusable; the message names file, line and field.</exception>
    public static IReadOnlyList<PromptLine> Read(string path, int defaultMaxTokens)
    {
        PromptLine? previous = null;
        var prompts = JsonLines.Read(path, line => previous = ReadLine(line, defaultMaxTokens, previous));
        return prompts.Count > 0 ? prompts : throw new FileException($"{path}: there are no prompts; expected one JSON object per line.");
    }

    /// <summary>Other fields are left alone: data sets bring their own.</summary>
    private static PromptLine ReadLine(StrictObject line, int defaultMaxTokens, PromptLine? previous) => new(
        line.RequiredString("prompt", "a text"),
        ReadMaxTokens(line) ?? defaultMaxTokens,
        line.OptionalString("tenant", "a name that is not empty"),
        ReadArrival(line, previous),
        ReadPriority(line));

    private static int? ReadMaxTokens(StrictObject fields)
    {
        const string Field = "maxTokens";
        if (fields.Optional(Field) is not { } value) return null;
        return value.ValueKind == JsonValueKind.Number && value.TryGetInt32(out var tokens) && tokens >= 1
            ? tokens
            : throw fields.Wrong(Field, value, "a whole number of at least 1");
    }

    private static RequestPriority ReadPriority(StrictObject fields)
    {
        const string Field = "priority";
        if (fields.Optional(Field) is not { } value) return RequestPriority.Normal;
        return value.ValueKind == JsonValueKind.String && Enum.GetValues<RequestPriority>().Where(priority => Names.Same(Units.Name(priority), value.GetString()!)).ToList() is [var found]
            ? found
            : throw fields.Wrong(Field, value, $"one of {string.Join(", ", Enum.GetValues<RequestPriority>().Select(priority => Units.Name(priority)))}");
    }

    /// <summary>Every line has one or none has, in ascending order.</summary>
    private static double? ReadArrival(StrictObject fields, PromptLine? previous)
    {
        const string Field = "atMs";
        if (fields.Optional(Field) is not { } value)
            return previous?.AtMs is null ? null : throw fields.Missing(Field, "an arrival, as the lines before have one");
        if (previous is { AtMs: null }) throw fields.Wrong(Field, value, "none, as the lines before have none");
        if (value.ValueKind != JsonValueKind.Number || !value.TryGetDouble(out var atMs) || !double.IsFinite(atMs) || atMs < 0)
            throw fields.Wrong(Field, value, "milliseconds of at least 0");
        return atMs >= (previous?.AtMs ?? 0) ? atMs : throw fields.Wrong(Field, value, Invariant($"at least the {previous!.AtMs} of the line before"));
    }
}

/// <summary>A prompt of a run.</summary>
/// <param name="Prompt">The text.</param>
/// <param name="MaxTokens">Most tokens of the answer.</param>
/// <param name="Tenant">Whose it is; null is no tenant's.</param>
/// <param name="AtMs">When it arrives, in milliseconds since the beginning; null when the file does not say.</param>
/// <param name="Priority">Whose turn it is before others.</param>
internal sealed record PromptLine(string Prompt, int MaxTokens, string? Tenant, double? AtMs = null, RequestPriority Priority = RequestPriority.Normal);
