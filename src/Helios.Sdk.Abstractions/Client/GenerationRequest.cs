using System.Globalization;
using System.Text;

namespace Helios.Sdk;

/// <summary>
/// A prompt and how to answer it: <c>GenerationRequest.FromText("Once upon a time") with { MaxTokens = 64 }</c>. Checked when it is
/// handed to the client, which copies its lists. Thread-safe: it does not change.
/// </summary>
/// <remarks>For logs, <see cref="ToString"/> says how long texts and ids are, never what they say.</remarks>
public sealed record GenerationRequest
{
    private GenerationRequest()
    {
    }

    /// <summary>The prompt as text; null for the other kinds of prompt.</summary>
    public string? Prompt { get; private init; }

    /// <summary>The prompt as ids; null for the other kinds of prompt.</summary>
    public IReadOnlyList<int>? TokenIds { get; private init; }

    /// <summary>The prompt as a conversation; null for the other kinds of prompt.</summary>
    public IReadOnlyList<ChatTurn>? Messages { get; private init; }

    /// <summary>Continues a text. The model's tokenizer adds what it adds (BOS, say); special tokens spelled out in the text are recognised.</summary>
    /// <param name="prompt">At least one token.</param>
    public static GenerationRequest FromText(string prompt)
    {
        ArgumentNullException.ThrowIfNull(prompt);
        return new GenerationRequest { Prompt = prompt };
    }

    /// <summary>Continues ids, taken as they are; needs <see cref="Model"/> when the pool has several tokenizers.</summary>
    /// <param name="tokenIds">At least one; copied.</param>
    public static GenerationRequest FromTokens(IReadOnlyList<int> tokenIds)
    {
        ArgumentNullException.ThrowIfNull(tokenIds);
        return new GenerationRequest { TokenIds = [.. tokenIds] };
    }

    /// <summary>
    /// Answers a conversation, which the chat template of the model that answers puts into words; the assistant speaks next. The
    /// answer also ends at what ends the assistant's turn. Control tokens spelled out in what is said stay text.
    /// </summary>
    /// <param name="messages">At least one; copied.</param>
    public static GenerationRequest FromMessages(IReadOnlyList<ChatTurn> messages)
    {
        ArgumentNullException.ThrowIfNull(messages);
        return new GenerationRequest { Messages = [.. messages] };
    }

    /// <summary>The same options with a text for a prompt; see <see cref="FromText"/>.</summary>
    /// <param name="prompt">At least one token.</param>
    public GenerationRequest WithText(string prompt)
    {
        ArgumentNullException.ThrowIfNull(prompt);
        return this with { Prompt = prompt, TokenIds = null, Messages = null };
    }

    /// <summary>The same options with ids for a prompt; see <see cref="FromTokens"/>.</summary>
    /// <param name="tokenIds">At least one; copied.</param>
    public GenerationRequest WithTokens(IReadOnlyList<int> tokenIds)
    {
        ArgumentNullException.ThrowIfNull(tokenIds);
        return this with { Prompt = null, TokenIds = [.. tokenIds], Messages = null };
    }

    /// <summary>The same options with a conversation for a prompt; see <see cref="FromMessages"/>.</summary>
    /// <param name="messages">At least one; copied.</param>
    public GenerationRequest WithMessages(IReadOnlyList<ChatTurn> messages)
    {
        ArgumentNullException.ThrowIfNull(messages);
        return this with { Prompt = null, TokenIds = null, Messages = [.. messages] };
    }

    /// <summary>
    /// Most tokens to generate, at least 1; prompt and so many tokens together must fit the model's context. Null takes as many as
    /// fit beside the prompt: the answer goes on to its own end, or to that of the context.
    /// </summary>
    public int? MaxTokens { get; init; }

    /// <summary>How tokens are drawn; the likeliest one is taken by default.</summary>
    public SamplingOptions Sampling { get; init; } = SamplingOptions.Greedy;

    /// <summary>
    /// Generation ends before the first of these; they are not part of the answer. One that is a special token of the model, such as
    /// <c>&lt;|im_end|&gt;</c>, ends it where the model writes that token, even with <see cref="IgnoreEndOfSequence"/>. At most 64 strings of
    /// 1,024 characters each, and 4,096 characters together.
    /// </summary>
    public IReadOnlyList<string> Stop { get; init; } = [];

    /// <summary>
    /// Generation ends with the first of these ids, which is part of <see cref="GenerationResult.TokenIds"/> but not of the text, even
    /// with <see cref="IgnoreEndOfSequence"/>. At most 1,024; needs <see cref="Model"/> when the pool has several tokenizers.
    /// </summary>
    public IReadOnlyList<int> StopTokenIds { get; init; } = [];

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
    /// point that meets it, at full depth when none is profiled yet. Null takes the active point.
    /// </summary>
    public double? MaxQualityGap { get; init; }

    /// <summary>
    /// Whose request it is: for fair shares, and for cached prefixes, which no other tenant finds. All requests that name nobody
    /// belong to the one tenant <c>anonymous</c>: they share what it gets, and find each other's prefixes. At most 256 characters.
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
        builder.Append(CultureInfo.InvariantCulture, $"{Asked()}, MaxTokens = {MaxTokens?.ToString(CultureInfo.InvariantCulture) ?? "what fits"}, Temperature = {Sampling?.Temperature}, Priority = {Priority}");
        if (Model is not null) builder.Append(CultureInfo.InvariantCulture, $", Model = {Model}");
        if (Sampling?.Seed is { } seed) builder.Append(CultureInfo.InvariantCulture, $", Seed = {seed}");
        if (Stop is { Count: > 0 }) builder.Append(CultureInfo.InvariantCulture, $", Stop = {Stop.Count} strings");
        return true;
    }

    private string Asked() =>
        Messages is not null ? $"Messages = {Messages.Count} turns"
        : TokenIds is not null ? $"TokenIds = {TokenIds.Count} ids"
        : Invariant($"Prompt = {Prompt?.Length ?? 0} characters");
}
