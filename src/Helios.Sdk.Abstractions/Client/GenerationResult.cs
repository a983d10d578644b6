using System.Globalization;
using System.Text;

namespace Helios.Sdk;

/// <summary>A whole answer.</summary>
/// <remarks>For logs, <see cref="ToString"/> says how long texts and ids are, never what they say.</remarks>
public sealed record GenerationResult
{
    /// <summary>The answer.</summary>
    public required string Text { get; init; }

    /// <summary>Prompt ids as they ran.</summary>
    public required IReadOnlyList<int> PromptIds { get; init; }

    /// <summary>Generated ids, the end-of-sequence or stop id included when it came.</summary>
    public required IReadOnlyList<int> TokenIds { get; init; }

    /// <summary>Layers executed for each generated token.</summary>
    public required IReadOnlyList<int> ExitDepths { get; init; }

    /// <summary>How likely each generated token was; empty unless <see cref="GenerationRequest.LogProbabilities"/> asks for it.</summary>
    public IReadOnlyList<TokenLogProbabilities> LogProbabilities { get; init; } = [];

    /// <summary>Why it ended.</summary>
    public required FinishReason FinishReason { get; init; }

    /// <summary>What served it; null when it ended before it ran.</summary>
    public required OperatingPoint? Point { get; init; }

    /// <summary>Tokens of the prompt that needed not be computed, because their KV was there already.</summary>
    public required int CachedPromptTokens { get; init; }

    /// <summary>From submission to first token.</summary>
    public required TimeSpan TimeToFirstToken { get; init; }

    /// <summary>Mean time between tokens after the first; zero for an answer of one token.</summary>
    public required TimeSpan TimePerOutputToken { get; init; }

    private bool PrintMembers(StringBuilder builder)
    {
        builder.Append(CultureInfo.InvariantCulture, $"Text = {Text.Length} characters, PromptIds = {PromptIds?.Count ?? 0} ids, TokenIds = {TokenIds?.Count ?? 0} ids, FinishReason = {FinishReason}, ");
        builder.Append(CultureInfo.InvariantCulture, $"Point = {Point}, CachedPromptTokens = {CachedPromptTokens}, TimeToFirstToken = {TimeToFirstToken}, TimePerOutputToken = {TimePerOutputToken}");
        return true;
    }
}
