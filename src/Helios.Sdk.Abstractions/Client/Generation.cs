using System.Collections.Immutable;

namespace Helios.Sdk;

/// <summary>A prompt and how to answer it. Checked when it is handed to the client.</summary>
public sealed record GenerationRequest
{
    /// <summary>The prompt as text; the model's tokenizer adds what it adds (BOS, say). Either this or <see cref="TokenIds"/>.</summary>
    public string? Prompt { get; init; }

    /// <summary>The prompt as ids, taken as they are; needs <see cref="Model"/> when the pool has several tokenizers. Either this or <see cref="Prompt"/>.</summary>
    public IReadOnlyList<int>? TokenIds { get; init; }

    /// <summary>Most tokens to generate, at least 1. Prompt and answer together must fit the model's context.</summary>
    public int MaxTokens { get; init; } = 128;

    /// <summary>0 (the default) takes the likeliest token; above 0 samples.</summary>
    public float Temperature { get; init; }

    /// <summary>Keep the likeliest tokens whose probabilities sum to this, in (0, 1].</summary>
    public float TopP { get; init; } = 1;

    /// <summary>Keep this many likeliest tokens; 0 keeps all.</summary>
    public int TopK { get; init; }

    /// <summary>Same seed, same prompt, same operating point: same tokens, whoever shares the batch. Null draws a seed.</summary>
    public long? Seed { get; init; }

    /// <summary>Generation ends before the first of these; they are not part of the answer.</summary>
    public ImmutableArray<string> Stop { get; init; } = [];

    /// <summary>Goes on past end-of-sequence ids until <see cref="MaxTokens"/>.</summary>
    public bool IgnoreEndOfSequence { get; init; }

    /// <summary>Answers with this model of the pool, whatever serves otherwise.</summary>
    public string? Model { get; init; }

    /// <summary>Runs every token through all layers of the model.</summary>
    public bool FullDepth { get; init; }

    /// <summary>
    /// Worst quality accepted, in bits per byte above the best candidate at full depth; served at the cheapest profiled
    /// point that meets it, at full depth when none is profiled yet. Null takes what serves.
    /// </summary>
    public double? MaxQualityGap { get; init; }

    /// <summary>Whose request it is; null is the one tenant <c>anonymous</c>.</summary>
    public string? Tenant { get; init; }
}

/// <summary>Why an answer ended.</summary>
public enum FinishReason
{
    /// <summary>An end-of-sequence id or a stop string.</summary>
    Stop,

    /// <summary><see cref="GenerationRequest.MaxTokens"/> was reached.</summary>
    Length,

    /// <summary>The engine was shut down before the answer was whole.</summary>
    Aborted,
}

/// <summary>One piece of a streamed answer.</summary>
/// <param name="TokenId">The token; -1 on a last piece that brings none (an aborted answer).</param>
/// <param name="Text">Text that became certain with it; empty in the middle of a character or a possible stop string.</param>
/// <param name="ExitDepth">Layers executed for it.</param>
/// <param name="FinishReason">Set on the last piece.</param>
public readonly record struct GenerationUpdate(int TokenId, string Text, int ExitDepth, FinishReason? FinishReason);

/// <summary>A whole answer.</summary>
public sealed record GenerationResult
{
    /// <summary>The answer.</summary>
    public required string Text { get; init; }

    /// <summary>Prompt ids as they ran.</summary>
    public required ImmutableArray<int> PromptIds { get; init; }

    /// <summary>Generated ids, the end-of-sequence id included when it came.</summary>
    public required ImmutableArray<int> TokenIds { get; init; }

    /// <summary>Layers executed for each generated token.</summary>
    public required ImmutableArray<int> ExitDepths { get; init; }

    /// <summary>Why it ended.</summary>
    public required FinishReason FinishReason { get; init; }

    /// <summary>What served it; null when it was aborted before it ran.</summary>
    public required OperatingPoint? Point { get; init; }

    /// <summary>Tokens of the prompt that needed not be computed, because their KV was there already.</summary>
    public required int CachedPromptTokens { get; init; }

    /// <summary>From submission to first token.</summary>
    public required TimeSpan TimeToFirstToken { get; init; }

    /// <summary>Mean time between tokens after the first; zero for an answer of one token.</summary>
    public required TimeSpan TimePerOutputToken { get; init; }
}
