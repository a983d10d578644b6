using System.Globalization;
using System.Text;

namespace Helios.Sdk;

/// <summary>
/// A prompt and its options: <c>GenerationRequest.FromText("Once upon a time") with { MaxTokens = 64 }</c>. The client checks it and
/// copies its lists. Immutable, so thread-safe.
/// </summary>
/// <remarks><see cref="ToString"/> prints only lengths of texts and ids, so it is safe for logs.</remarks>
public sealed record GenerationRequest
{
    /// <summary>Longest name of a model that goes into a log; a request with a longer one is refused.</summary>
    private const int LongestShown = 256;

    private GenerationRequest()
    {
    }

    /// <summary>The prompt as text; null for the other kinds of prompt.</summary>
    public string? Prompt { get; private init; }

    /// <summary>The prompt as ids; null for the other kinds of prompt.</summary>
    public IReadOnlyList<int>? TokenIds { get; private init; }

    /// <summary>The prompt as a conversation; null for the other kinds of prompt.</summary>
    public IReadOnlyList<ChatTurn>? Messages { get; private init; }

    /// <summary>Continues a text. The model's tokenizer adds its usual tokens (for example BOS); special tokens spelled out in the text are recognised.</summary>
    /// <param name="prompt">At least one token.</param>
    public static GenerationRequest FromText(string prompt)
    {
        ArgumentNullException.ThrowIfNull(prompt);
        return new GenerationRequest { Prompt = prompt };
    }

    /// <summary>Continues ids, without added tokens; needs <see cref="Model"/> if the pool has several tokenizers.</summary>
    /// <param name="tokenIds">At least one; copied.</param>
    public static GenerationRequest FromTokens(IReadOnlyList<int> tokenIds)
    {
        ArgumentNullException.ThrowIfNull(tokenIds);
        return new GenerationRequest { TokenIds = [.. tokenIds] };
    }

    /// <summary>
    /// Answers a conversation with the next turn of the assistant. The chat template of the answering model renders the conversation. The
    /// answer also ends at the token that ends the assistant's turn. Control tokens spelled out in contents stay text.
    /// </summary>
    /// <param name="messages">At least one; copied.</param>
    public static GenerationRequest FromMessages(IReadOnlyList<ChatTurn> messages)
    {
        ArgumentNullException.ThrowIfNull(messages);
        return new GenerationRequest { Messages = [.. messages] };
    }

    /// <summary>Copies the options with a text as the prompt; see <see cref="FromText"/>.</summary>
    /// <param name="prompt">At least one token.</param>
    public GenerationRequest WithText(string prompt)
    {
        ArgumentNullException.ThrowIfNull(prompt);
        return this with { Prompt = prompt, TokenIds = null, Messages = null };
    }

    /// <summary>Copies the options with ids as the prompt; see <see cref="FromTokens"/>.</summary>
    /// <param name="tokenIds">At least one; copied.</param>
    public GenerationRequest WithTokens(IReadOnlyList<int> tokenIds)
    {
        ArgumentNullException.ThrowIfNull(tokenIds);
        return this with { Prompt = null, TokenIds = [.. tokenIds], Messages = null };
    }

    /// <summary>Copies the options with a conversation as the prompt; see <see cref="FromMessages"/>.</summary>
    /// <param name="messages">At least one; copied.</param>
    public GenerationRequest WithMessages(IReadOnlyList<ChatTurn> messages)
    {
        ArgumentNullException.ThrowIfNull(messages);
        return this with { Prompt = null, TokenIds = null, Messages = [.. messages] };
    }

    /// <summary>
    /// Maximum tokens to generate, at least 1; the prompt and this many tokens must fit the model's context. Null takes as many as
    /// fit beside the prompt: the answer continues to its own end, or to the end of the context.
    /// </summary>
    public int? MaxTokens { get; init; }

    /// <summary>Sampling of tokens; by default as the model recommends, and greedy if it recommends nothing.</summary>
    public SamplingOptions Sampling { get; init; } = SamplingOptions.ModelDefaults;

    /// <summary>
    /// Generation ends before the first of these strings; they are not part of the answer. A string that is a special token of the model,
    /// such as <c>&lt;|im_end|&gt;</c>, ends it when the model generates that token, even with <see cref="IgnoreEndOfSequence"/>. At most 64 strings of
    /// 1,024 characters each, and 4,096 characters together.
    /// </summary>
    public IReadOnlyList<string> Stop { get; init; } = [];

    /// <summary>
    /// Generation ends with the first of these ids, which is part of <see cref="GenerationResult.TokenIds"/> but not of the text, even
    /// with <see cref="IgnoreEndOfSequence"/>. At most 1,024; needs <see cref="Model"/> if the pool has several tokenizers.
    /// </summary>
    public IReadOnlyList<int> StopTokenIds { get; init; } = [];

    /// <summary>
    /// Requests the log probability of every generated token, and of this many most likely tokens beside it, 0 to 20; null requests
    /// none.
    /// </summary>
    public int? LogProbabilities { get; init; }

    /// <summary>Continues past end-of-sequence ids up to <see cref="MaxTokens"/>.</summary>
    public bool IgnoreEndOfSequence { get; init; }

    /// <summary>Answers with this model of the pool, regardless of the active point.</summary>
    public string? Model { get; init; }

    /// <summary>Runs every token through all layers of the model.</summary>
    public bool FullDepth { get; init; }

    /// <summary>
    /// Maximum quality gap, in bits per byte above the best candidate at full depth. The cheapest profiled point within it serves the
    /// request, or the full depth if no point is profiled yet. Null takes the active point.
    /// </summary>
    public double? MaxQualityGap { get; init; }

    /// <summary>
    /// The tenant of the request: for fair shares, and for cached prefixes, which other tenants cannot reuse. All requests without a
    /// tenant belong to the tenant <c>anonymous</c>: they share its weight and its cached prefixes. At most 256 characters.
    /// </summary>
    public string? Tenant { get; init; }

    /// <summary>Priority relative to other requests; see <see cref="RequestPriority"/>.</summary>
    public RequestPriority Priority { get; init; } = RequestPriority.Normal;

    /// <summary>
    /// Time from submission within which the first token should come, above 0. It only affects the order among requests of the
    /// same priority (see <see cref="ServingOptions.Order"/>); a request that misses it still runs. Null sets no due time.
    /// </summary>
    public TimeSpan? FirstTokenWithin { get; init; }

    /// <summary>Time from submission within which the whole answer should come, above 0; otherwise as <see cref="FirstTokenWithin"/>.</summary>
    public TimeSpan? CompleteWithin { get; init; }

    /// <summary>
    /// Maximum time from submission, above 0. After it the answer is the text generated so far, and ends with
    /// <see cref="FinishReason.TimeLimit"/>. Null sets no limit.
    /// </summary>
    public TimeSpan? TimeLimit { get; init; }

    private bool PrintMembers(StringBuilder builder)
    {
        builder.Append(CultureInfo.InvariantCulture, $"{Asked()}, MaxTokens = {MaxTokens?.ToString(CultureInfo.InvariantCulture) ?? "what fits"}, Temperature = {Sampling?.Temperature?.ToString(CultureInfo.InvariantCulture) ?? "the model's"}, Priority = {Priority}");
        if (Model is not null) builder.Append(CultureInfo.InvariantCulture, $", Model = {(Model.Length > LongestShown || Model.Any(char.IsControl) ? Invariant($"{Model.Length} characters") : Model)}");
        if (Sampling?.Seed is { } seed) builder.Append(CultureInfo.InvariantCulture, $", Seed = {seed}");
        if (Stop is { Count: > 0 }) builder.Append(CultureInfo.InvariantCulture, $", Stop = {Stop.Count} strings");
        return true;
    }

    private string Asked() =>
        Messages is not null ? $"Messages = {Messages.Count} turns"
        : TokenIds is not null ? $"TokenIds = {TokenIds.Count} ids"
        : Invariant($"Prompt = {Prompt?.Length ?? 0} characters");
}
