using System.Globalization;
using System.Text;

namespace Helios.Sdk;

/// <summary>Why an answer ended.</summary>
public enum FinishReason
{
    /// <summary>An end-of-sequence id, a stop id or a stop string.</summary>
    Stop,

    /// <summary><see cref="GenerationRequest.MaxTokens"/> was reached, or without one the end of the context.</summary>
    Length,

    /// <summary>The engine was shut down before the answer was complete.</summary>
    Aborted,

    /// <summary><see cref="GenerationRequest.TimeLimit"/> was reached; the answer may be empty.</summary>
    TimeLimit,
}

/// <summary>One piece of a streamed answer.</summary>
/// <remarks><see cref="ToString"/> prints only the length of the text, so it is safe for logs.</remarks>
public readonly record struct GenerationUpdate
{
    /// <summary>The token; null on a last piece without a token (an answer that was aborted or reached its time limit).</summary>
    public required int? TokenId { get; init; }

    /// <summary>Text that became final with it; empty in the middle of a character or a possible stop string.</summary>
    public required string Text { get; init; }

    /// <summary>Layers executed for it.</summary>
    public required int ExitDepth { get; init; }

    /// <summary>The operating point of the request; null on the last piece of a request that ended before it ran.</summary>
    public OperatingPoint? Point { get; init; }

    /// <summary>Tokens of the prompt.</summary>
    public int PromptTokens { get; init; }

    /// <summary>Prompt tokens whose KV came from the prefix cache.</summary>
    public int CachedPromptTokens { get; init; }

    /// <summary>Its log probabilities, if <see cref="GenerationRequest.LogProbabilities"/> requests them.</summary>
    public TokenLogProbabilities? LogProbabilities { get; init; }

    /// <summary>Set on the last piece.</summary>
    public FinishReason? FinishReason { get; init; }

    private bool PrintMembers(StringBuilder builder)
    {
        builder.Append(CultureInfo.InvariantCulture, $"Text = {Text?.Length ?? 0} characters, ExitDepth = {ExitDepth}, Point = {Point}, FinishReason = {FinishReason}");
        return true;
    }
}
