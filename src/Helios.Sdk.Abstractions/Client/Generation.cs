using System.Collections.Immutable;
using System.Globalization;
using System.Text;

namespace Helios.Sdk;

/// <summary>A prompt and how to answer it. Checked when it is handed to the client.</summary>
/// <remarks>For logs, <see cref="ToString"/> tells how long texts and ids are, never what they say.</remarks>
public sealed record GenerationRequest
{
    /// <summary>The prompt as text; the model's tokenizer adds what it adds (BOS, say). Special tokens spelled out in it are recognised. Exactly one of this, <see cref="TokenIds"/> and <see cref="Messages"/> is given.</summary>
    public string? Prompt { get; init; }

    /// <summary>The prompt as ids, taken as they are; needs <see cref="Model"/> when the pool has several tokenizers.</summary>
    public IReadOnlyList<int>? TokenIds { get; init; }

    /// <summary>
    /// The prompt as a conversation, which the chat template of the model that answers puts into words; the assistant speaks next. The
    /// answer also ends at what ends the assistant's turn. Control tokens spelled out in what is said stay text.
    /// </summary>
    public IReadOnlyList<ChatTurn>? Messages { get; init; }

    /// <summary>
    /// Most tokens to generate, at least 1; prompt and so many tokens together must fit the model's context. Null takes as many as
    /// fit beside the prompt: the answer goes on to its own end, or to that of the context.
    /// </summary>
    public int? MaxTokens { get; init; }

    /// <summary>0 (the default) takes the likeliest token; above 0 samples.</summary>
    public float Temperature { get; init; }

    /// <summary>Keep this many likeliest tokens; 0 keeps all.</summary>
    public int TopK { get; init; }

    /// <summary>Of those, keep the likeliest whose probabilities sum to this, in (0, 1].</summary>
    public float TopP { get; init; } = 1;

    /// <summary>
    /// Of those, keep the tokens whose probability is at least this share of the likeliest one's, in [0, 1]; 0 keeps all. From
    /// "Turning Up the Heat: Min-p Sampling for Creative and Coherent LLM Outputs" (arXiv 2407.01082), after the temperature.
    /// </summary>
    public float MinP { get; init; }

    /// <summary>
    /// Makes every token of prompt and answer less likely, once each, whoever wrote it: a positive logit is divided by this, a
    /// negative one multiplied. In [0.1, 10]; 1 changes nothing, below 1 rewards. From "CTRL" (arXiv 1909.05858, section 4.1),
    /// whose division is turned round for negative logits, which it would make likelier.
    /// </summary>
    public float RepetitionPenalty { get; init; } = 1;

    /// <summary>
    /// Taken off the logit of every token that is in the answer so far, however often; in [-2, 2]. As the OpenAI API has it:
    /// logit - count x frequency penalty - (count > 0) x presence penalty.
    /// </summary>
    public float PresencePenalty { get; init; }

    /// <summary>Taken off the logit of a token once for every time that it is in the answer so far; in [-2, 2]. See <see cref="PresencePenalty"/>.</summary>
    public float FrequencyPenalty { get; init; }

    /// <summary>
    /// Added to the logits of some tokens: by id of the model's tokenizer, in [-100, 100] or negative infinity, which forbids the
    /// token. Needs <see cref="Model"/> when the pool has several tokenizers.
    /// </summary>
    public IReadOnlyDictionary<int, float>? LogitBias { get; init; }

    /// <summary>
    /// Change the logits as they like, one after the other, when all else has. What they decide holds at temperature 0 too.
    /// </summary>
    public ImmutableArray<ILogitsProcessor> LogitsProcessors { get; init; } = [];

    /// <summary>Same seed, same prompt, same operating point: same tokens, whoever shares the batch. Null draws a seed.</summary>
    public long? Seed { get; init; }

    /// <summary>
    /// Generation ends before the first of these; they are not part of the answer. One that is a special token of the model, such as
    /// <c>&lt;|im_end|&gt;</c>, ends it where the model writes that token, even with <see cref="IgnoreEndOfSequence"/>.
    /// </summary>
    public ImmutableArray<string> Stop { get; init; } = [];

    /// <summary>
    /// Generation ends with the first of these ids, which is part of <see cref="GenerationResult.TokenIds"/> but not of the text, even
    /// with <see cref="IgnoreEndOfSequence"/>. Needs <see cref="Model"/> when the pool has several tokenizers.
    /// </summary>
    public ImmutableArray<int> StopTokenIds { get; init; } = [];

    /// <summary>
    /// Asks for the log probability of every token generated, and of this many likeliest ones beside it, 0 to 20; null asks for
    /// none.
    /// </summary>
    public int? LogProbabilities { get; init; }

    /// <summary>Goes on past end-of-sequence ids until the most tokens are generated.</summary>
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

    /// <summary>
    /// Whose request it is: for fair shares, and for cached prefixes, which no other tenant finds. All requests that name nobody
    /// belong to the one tenant <c>anonymous</c>: they share what it gets, and find each other's prefixes.
    /// </summary>
    public string? Tenant { get; init; }

    /// <summary>How urgent it is beside other requests; see <see cref="RequestPriority"/>.</summary>
    public RequestPriority Priority { get; init; } = RequestPriority.Normal;

    /// <summary>
    /// Time from submission within which the first token should come, above 0. It decides who goes first among requests of the
    /// same priority (how, says <see cref="ServingOptions.Order"/>); nothing happens to the request when it is missed. Null for no hurry.
    /// </summary>
    public TimeSpan? FirstTokenWithin { get; init; }

    /// <summary>Time from submission within which the whole answer should come, above 0; otherwise as <see cref="FirstTokenWithin"/>.</summary>
    public TimeSpan? CompleteWithin { get; init; }

    /// <summary>
    /// Most time from submission, above 0: when it is up, what was generated so far is the answer, and it ends with
    /// <see cref="FinishReason.TimeLimit"/>. Null for no limit.
    /// </summary>
    public TimeSpan? TimeLimit { get; init; }

    private bool PrintMembers(StringBuilder builder)
    {
        builder.Append(CultureInfo.InvariantCulture, $"{Asked()}, MaxTokens = {MaxTokens?.ToString(CultureInfo.InvariantCulture) ?? "what fits"}, Temperature = {Temperature}, Priority = {Priority}");
        if (Model is not null) builder.Append(CultureInfo.InvariantCulture, $", Model = {Model}");
        if (Seed is not null) builder.Append(CultureInfo.InvariantCulture, $", Seed = {Seed}");
        if (Stop is { IsDefaultOrEmpty: false }) builder.Append(CultureInfo.InvariantCulture, $", Stop = {Stop.Length} strings");
        return true;
    }

    private string Asked() =>
        Messages is not null ? $"Messages = {Messages.Count} turns"
        : TokenIds is not null ? $"TokenIds = {TokenIds.Count} ids"
        : Invariant($"Prompt = {Prompt?.Length ?? 0} characters");
}

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
/// <remarks>For logs, <see cref="ToString"/> tells how long the text is, never what it says.</remarks>
public readonly record struct GenerationUpdate
{
    /// <summary>The token; -1 on a last piece that brings none (an answer that was aborted or ran out of time).</summary>
    public required int TokenId { get; init; }

    /// <summary>Text that became certain with it; empty in the middle of a character or a possible stop string.</summary>
    public required string Text { get; init; }

    /// <summary>Layers executed for it.</summary>
    public required int ExitDepth { get; init; }

    /// <summary>What serves the request; null on the last piece of one that ended before it ran.</summary>
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

/// <summary>A whole answer.</summary>
/// <remarks>For logs, <see cref="ToString"/> tells how long texts and ids are, never what they say.</remarks>
public sealed record GenerationResult
{
    /// <summary>The answer.</summary>
    public required string Text { get; init; }

    /// <summary>Prompt ids as they ran.</summary>
    public required ImmutableArray<int> PromptIds { get; init; }

    /// <summary>Generated ids, the end-of-sequence or stop id included when it came.</summary>
    public required ImmutableArray<int> TokenIds { get; init; }

    /// <summary>Layers executed for each generated token.</summary>
    public required ImmutableArray<int> ExitDepths { get; init; }

    /// <summary>How likely each generated token was; empty unless <see cref="GenerationRequest.LogProbabilities"/> asks for it.</summary>
    public ImmutableArray<TokenLogProbabilities> LogProbabilities { get; init; } = [];

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
        builder.Append(CultureInfo.InvariantCulture, $"Text = {Text.Length} characters, PromptIds = {CountOf(PromptIds)} ids, TokenIds = {CountOf(TokenIds)} ids, FinishReason = {FinishReason}, ");
        builder.Append(CultureInfo.InvariantCulture, $"Point = {Point}, CachedPromptTokens = {CachedPromptTokens}, TimeToFirstToken = {TimeToFirstToken}, TimePerOutputToken = {TimePerOutputToken}");
        return true;
    }

    private static int CountOf(ImmutableArray<int> ids) => ids.IsDefault ? 0 : ids.Length;
}
