using System.Globalization;
using System.Text;

namespace Helios.Sdk;

/// <summary>A complete answer.</summary>
/// <remarks><see cref="ToString"/> prints only lengths of texts and ids, so it is safe for logs.</remarks>
public sealed record GenerationResult
{
    /// <summary>The answer.</summary>
    public required string Text { get; init; }

    /// <summary>Ids of the prompt.</summary>
    public required IReadOnlyList<int> PromptIds { get; init; }

    /// <summary>Generated ids, including an end-of-sequence or stop id at the end.</summary>
    public required IReadOnlyList<int> TokenIds { get; init; }

    /// <summary>Layers executed for each generated token.</summary>
    public required IReadOnlyList<int> ExitDepths { get; init; }

    /// <summary>Log probabilities of each generated token; empty unless <see cref="GenerationRequest.LogProbabilities"/> requests them.</summary>
    public IReadOnlyList<TokenLogProbabilities> LogProbabilities { get; init; } = [];

    /// <summary>Why it ended.</summary>
    public required FinishReason FinishReason { get; init; }

    /// <summary>The operating point that served it; null if it ended before it ran.</summary>
    public required OperatingPoint? Point { get; init; }

    /// <summary>Prompt tokens whose KV came from the prefix cache.</summary>
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
