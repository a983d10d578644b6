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

    /// <summary>The engine was shut down before the answer was whole.</summary>
    Aborted,

    /// <summary><see cref="GenerationRequest.TimeLimit"/> was up; the answer may be empty.</summary>
    TimeLimit,
}

/// <summary>One piece of a streamed answer.</summary>
/// <remarks>For logs, <see cref="ToString"/> says how long the text is, never what it says.</remarks>
public readonly record struct GenerationUpdate
{
    /// <summary>The token; null on a last piece that brings none (an answer that was aborted or ran out of time).</summary>
    public required int? TokenId { get; init; }

    /// <summary>Text that became certain with it; empty in the middle of a character or a possible stop string.</summary>
    public required string Text { get; init; }

    /// <summary>Layers executed for it.</summary>
    public required int ExitDepth { get; init; }

    /// <summary>The point that serves the request; null on the last piece of one that ended before it ran.</summary>
    public OperatingPoint? Point { get; init; }

    /// <summary>Tokens of the prompt.</summary>
    public int PromptTokens { get; init; }

    /// <summary>Tokens of the prompt that needed not be computed, because their KV was there already.</summary>
    public int CachedPromptTokens { get; init; }

    /// <summary>How likely it was, where <see cref="GenerationRequest.LogProbabilities"/> asks for it.</summary>
    public TokenLogProbabilities? LogProbabilities { get; init; }

    /// <summary>Set on the last piece.</summary>
    public FinishReason? FinishReason { get; init; }

    private bool PrintMembers(StringBuilder builder)
    {
        builder.Append(CultureInfo.InvariantCulture, $"Text = {Text?.Length ?? 0} characters, ExitDepth = {ExitDepth}, Point = {Point}, FinishReason = {FinishReason}");
        return true;
    }
}
