using System.Collections.Immutable;
using System.Diagnostics.CodeAnalysis;
using Helios.Sdk.Models;
using Helios.Sdk.Scheduling;
using Helios.Sdk.Serving.KvCache;
using Helios.Sdk.Serving.Routing;
using Helios.Sdk.Serving.Streaming;

namespace Helios.Sdk.Serving.Requests;

/// <summary>
/// A request as the serving loop sees it: its tokens, the depth each ran to, and counters.
/// Invariant while it lives: 0 &lt;= <see cref="Computed"/> &lt; <see cref="Known"/>. Computed tokens chase known ones; prefill,
/// chunking, decode and resumption after a preemption are all that. Its KV is only a cache: dropping it sets
/// <see cref="Computed"/> to 0, and the recorded depths are replayed. Belongs to the device thread once submitted.
/// </summary>
internal sealed class Sequence
{
    private int[] tokens;
    private ushort[] depths;
    private int leaseHolders = 1;
    private int knownAtRestart = -1;
    private readonly long askedBytes;
    private long promptBytes;

    public Sequence(RequestId id, GenerationRequest request, long seed, EncodedPrompt prompt, TokenStream output, long arrivedAt)
    {
        Id = id;
        Request = request;
        Seed = seed;
        Output = output;
        ArrivedAt = arrivedAt;
        askedBytes = sizeof(char) * PromptEncoding.LengthOf(request);
        Tenant = request.Tenant ?? "anonymous";
        TenantKey = StringComparer.Ordinal.GetHashCode(Tenant);
        depths = [];
        SetPrompt(prompt);
        MaxTokens = request.MaxTokens ?? Array.MaxLength - PromptLength;
        SampleBy(SamplingDefaults.None);
    }

    public RequestId Id { get; }

    public GenerationRequest Request { get; }

    public long Seed { get; }

    /// <summary>How its tokens are sampled, on a model without defaults until it is settled where it runs.</summary>
    public SamplingChoice Sampling { get; private set; }

    /// <summary>What is done to its logits before a token is drawn; null when nothing is.</summary>
    public LogitsEdit? Edit { get; private set; }

    /// <summary>Whether its token is the likeliest of the model and nothing else is wanted of the logits: an exit check has read them already.</summary>
    public bool TakesLikeliest { get; private set; }

    public string Tenant { get; }

    /// <summary>A number for the tenant, for counting.</summary>
    public int TenantKey { get; }

    /// <summary>Timestamp of the request: what its time to first token and its limits count from.</summary>
    public long ArrivedAt { get; }

    /// <summary>Timestamp since when it waits to be started: later than <see cref="ArrivedAt"/> if a model had to be loaded for it.</summary>
    public long QueuedAt { get; set; }

    /// <summary>Timestamp at which it first got KV; null while it waits.</summary>
    public long? StartedAt { get; set; }

    public TokenStream Output { get; }

    /// <summary>What it was asked, in the ids it runs with.</summary>
    public EncodedPrompt Prompt { get; private set; }

    /// <summary>The same in the ids of other models of the pool, or why it cannot be put into them: encoding is not for the device thread.</summary>
    public ImmutableArray<PromptForm> OtherForms { get; private set; } = [];

    public int PromptLength { get; private set; }

    /// <summary>Tokens known: prompt and answer so far.</summary>
    public int Known { get; private set; }

    /// <summary>Tokens whose KV is held.</summary>
    public int Computed { get; private set; }

    /// <summary>Most tokens the sequence can grow to. Room for them is made as it grows.</summary>
    public int Capacity => PromptLength + MaxTokens;

    /// <summary>Most tokens of its answer. Where the request names none, it is what fits: the roomiest context of the pool, then that of the model it runs on.</summary>
    public int MaxTokens { get; private set; }

    /// <summary>Where it runs; set when it first runs, and kept to its end.</summary>
    public Route? Route { get; private set; }

    /// <summary>
    /// Bytes of host memory that it takes: what it was asked in words, ids, depths and text of what it has, log probabilities if asked for. Buffers double, so
    /// that they hold at most twice what is in them.
    /// </summary>
    public long HostBytes => (long)tokens.Length * sizeof(int) + (long)depths.Length * sizeof(ushort) + askedBytes + promptBytes + Output.Bytes + (Edit?.Bytes ?? 0);

    /// <summary>Those of them that <see cref="SequenceTable"/> has counted.</summary>
    public long CountedBytes { get; set; }

    /// <summary>Its own claim on the layers it runs over; see <see cref="ReleaseLease"/>.</summary>
    public ModelLease? Lease { get; private set; }

    /// <summary>Its KV; null while it holds none.</summary>
    public KvTables? Kv { get; set; }

    /// <summary>The tables that its KV comes and goes with, so that waiting for blocks allocates nothing.</summary>
    public KvTables? SpareTables { get; set; }

    /// <summary>What KV it keeps; once it was settled where it runs.</summary>
    public KvParts KvParts => Lease!.Served.KvParts(Lease.Target.Depth);

    /// <summary>A sequence with the same prompt whose KV it may share when it starts; until then.</summary>
    public Sequence? Source { get; set; }

    /// <summary>Tokens of the prompt whose KV it found when it started.</summary>
    public int CachedPromptTokens { get; private set; }

    /// <summary>Its place among those that wait to be started; null when none is counted.</summary>
    public QueuePlace? Place { get; set; }

    /// <summary>Whether its queue time is not limited: another answer to its request has begun already.</summary>
    public bool MayWait { get; set; }

    /// <summary>When it runs out of time; null when it does not, or is not watched.</summary>
    public RequestLimits.Limit? Limit { get; set; }

    /// <summary>Number of the step that it was last planned in.</summary>
    public long PlannedInStep { get; set; } = -1;

    /// <summary>
    /// Tokens by which rotary scalings that depend on the length are chosen for the rows that are known: those of the prompt, or of all when it was
    /// last found to have grown beyond the original context.
    /// </summary>
    public int RotaryLength { get; private set; }

    /// <summary>Whether anything of it ever ran.</summary>
    public bool HasStarted => DepthOf(0) > 0;

    /// <summary>Whether it has generated a token since its KV was last dropped; true for one that never lost any.</summary>
    public bool HasProgressed => Known > knownAtRestart;

    public ReadOnlySpan<int> Tokens => tokens.AsSpan(0, Known);

    /// <summary>The answer so far.</summary>
    public ReadOnlySpan<int> Answer => tokens.AsSpan(PromptLength, Known - PromptLength);

    /// <summary>Layers that the token at a position ran through; 0 when it has not run yet.</summary>
    public int DepthOf(int position) => position < depths.Length ? depths[position] : 0;

    /// <summary>Whether so many tokens from a position on ran to the depth served.</summary>
    public bool RanWhole(int position, int count)
    {
        var depth = Route!.Depth;
        return depths.Length >= position + count && !depths.AsSpan(position, count).ContainsAnyExcept((ushort)depth);
    }

    /// <summary>Whether the token at <paramref name="position"/> may leave by policy: it was generated, is the last one known, and has not run before.</summary>
    public bool MayLeaveEarly(int position) => ExitRule.MayLeave(position, PromptLength) && position == Known - 1 && DepthOf(position) == 0;

    /// <summary>Gives it the prompt in the ids of other models; before it is submitted.</summary>
    public void Offer(ImmutableArray<PromptForm> others)
    {
        OtherForms = others;
        promptBytes = Prompt.Bytes + others.Sum(form => form.Prompt?.Bytes ?? 0);
    }

    /// <summary>Takes another model's ids for the same prompt. Only before it ever ran.</summary>
    [MemberNotNull(nameof(Prompt), nameof(tokens))]
    public void SetPrompt(EncodedPrompt prompt)
    {
        tokens = [.. prompt.Ids];
        Prompt = prompt;
        promptBytes = prompt.Bytes;
        PromptLength = Known = RotaryLength = prompt.Ids.Count;
    }

    /// <summary>Settles where it runs. It owns <paramref name="lease"/> from here on.</summary>
    public void Assign(Route route, ModelLease lease)
    {
        Route = route;
        Lease = lease;
        TakeWhatFits(lease.Served.Info.Architecture.ContextLength);
        SampleBy(lease.Served.Info.Sampling);

        // Its tokens are its own copy.
        Prompt = Prompt with { Ids = [] };
        OtherForms = [];
        promptBytes = 0;
    }

    private void SampleBy(SamplingDefaults model)
    {
        Sampling = SamplingChoice.Of(Request.Sampling, model);
        Edit = LogitsEdit.For(this);
        TakesLikeliest = !Sampling.Draws && Edit is null && Output.LogProbabilities is null;
    }

    /// <summary>The context it will have at most: an answer without a limit of its own may fill it.</summary>
    public void TakeWhatFits(int contextLength)
    {
        if (Request.MaxTokens is null) MaxTokens = contextLength - PromptLength;
    }

    /// <summary>Its submitter needs the lease too, whenever the sequence ends. Before it is submitted; <see cref="ReleaseLease"/> then takes two calls.</summary>
    public void HoldLease() => leaseHolders = 2;

    /// <summary>Any thread: one that held the lease does not need it any more; the last one disposes it.</summary>
    public void ReleaseLease()
    {
        if (Interlocked.Decrement(ref leaseHolders) == 0) Lease?.Dispose();
    }

    /// <summary>The next uncomputed token ran through that many layers.</summary>
    public void Advance(int ranTo)
    {
        Buffers.Grow(ref depths, Math.Max(Computed + 1, Known), Capacity);
        depths[Computed++] = (ushort)ranTo;
    }

    /// <summary>It starts, or starts again, with the KV of its first tokens, which ran to the depth served.</summary>
    public void StartBehind(int tokens)
    {
        if (DepthOf(0) == 0) CachedPromptTokens = tokens;
        Source = null;
        while (Computed < tokens) Advance(Route!.Depth);
    }

    /// <summary>A token was generated behind the last one.</summary>
    public void Append(int token)
    {
        Buffers.Grow(ref tokens, Known + 1, Capacity);
        tokens[Known++] = token;
    }

    /// <summary>It has grown beyond the original context: what it computes from now on is for its length.</summary>
    public void Outgrow() => RotaryLength = Known;

    /// <summary>Its KV was dropped: everything is computed again.</summary>
    public void Restart()
    {
        Computed = 0;
        knownAtRestart = Known;
    }
}

/// <summary>A prompt's ids and the tokenizer that made them.</summary>
/// <param name="Ids">At least one id; none once a sequence that was settled has its copy.</param>
/// <param name="TokenizerFingerprint">Whose ids they are.</param>
internal sealed record EncodedPrompt(IReadOnlyList<int> Ids, string TokenizerFingerprint)
{
    /// <summary>Whether the prompt has more ids than these: it was encoded no further than the roomiest context, which it passes.</summary>
    public bool IsCut { get; init; }

    /// <summary>The largest id, as an unsigned number, so that a negative one is beyond every vocabulary.</summary>
    public uint HighestId { get; } = Ids.Max(static id => (uint)id);

    /// <summary>Bytes of host memory that the ids take.</summary>
    public long Bytes => (long)Ids.Count * sizeof(int);

    /// <summary>A prompt that passes a context stands for itself by one id too many.</summary>
    public static EncodedPrompt Beyond(int context, string tokenizerFingerprint) => new(new int[context + 1], tokenizerFingerprint) { IsCut = true };

    /// <summary>A prompt that was never encoded, of a request that is over; an id stands for it.</summary>
    public static EncodedPrompt Unread(string tokenizerFingerprint) => new([0], tokenizerFingerprint) { IsUnread = true };

    /// <summary>Whether it was never encoded.</summary>
    public bool IsUnread { get; init; }

    /// <summary>Equal for models that give the prompt equal ids.</summary>
    public string Form { get; init; } = TokenizerFingerprint;

    /// <summary>Ids that end the answer besides those of the model.</summary>
    public ImmutableArray<int> EndIds { get; init; } = [];
}

/// <summary>What a request asks, in the ids of some models of the pool.</summary>
/// <param name="Form">Equal for models that give it equal ids; see <see cref="PromptEncoding.FormOf"/>.</param>
/// <param name="Prompt">The ids; null when there are none.</param>
/// <param name="Trouble">Why there are none.</param>
internal sealed record PromptForm(string Form, EncodedPrompt? Prompt, Exception? Trouble)
{
    /// <summary>Stop strings that are special tokens there, as ids.</summary>
    public ImmutableArray<int> StopIds { get; init; } = [];
}
