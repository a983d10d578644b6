using System.Collections.Immutable;
using Helios.Sdk.Serving.Decoding;
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

    public Sequence(RequestId id, GenerationRequest request, long seed, EncodedPrompt prompt, TokenStream output, long arrivedAt)
    {
        Id = id;
        Request = request;
        MaxTokens = PromptRules.MaxTokensOf(request);
        Seed = seed;
        Output = output;
        ArrivedAt = arrivedAt;
        Tenant = request.Tenant ?? "anonymous";
        TenantKey = StringComparer.Ordinal.GetHashCode(Tenant);
        tokens = [];
        depths = [];
        SetPrompt(prompt);
        Edit = LogitsEdit.For(this);
        TakesLikeliest = request.Temperature == 0 && Edit is null && output.LogProbabilities is null;
    }

    public RequestId Id { get; }

    public GenerationRequest Request { get; }

    public long Seed { get; }

    /// <summary>What is done to its logits before a token is drawn; null when nothing is.</summary>
    public LogitsEdit? Edit { get; }

    /// <summary>Whether its token is the likeliest of the model and nothing else is wanted of the logits: a look at them has said it all.</summary>
    public bool TakesLikeliest { get; }

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

    /// <summary>Fingerprint of the tokenizer that made the ids.</summary>
    public string TokenizerFingerprint { get; private set; } = "";

    /// <summary>Equal for models that give its prompt equal ids; see <see cref="PromptEncoding.FormOf"/>.</summary>
    public string PromptForm { get; private set; } = "";

    /// <summary>Ids that end its answer besides those of the model: the ends of a conversation's turns.</summary>
    public ImmutableArray<int> EndIds { get; private set; } = [];

    public int PromptLength { get; private set; }

    /// <summary>Tokens known: prompt and answer so far.</summary>
    public int Known { get; private set; }

    /// <summary>Tokens whose KV is held.</summary>
    public int Computed { get; private set; }

    /// <summary>Most tokens the sequence can grow to. Room for them is made when it first runs: thousands may wait.</summary>
    public int Capacity => PromptLength + MaxTokens;

    /// <summary>Most tokens of its answer. Where the request names none, what fits the model's context lowers it once it is settled where it runs.</summary>
    public int MaxTokens { get; private set; }

    /// <summary>Where it runs; set when it first runs, and kept to its end.</summary>
    public Route? Route { get; private set; }

    /// <summary>Its own claim on the layers it runs over; see <see cref="ReleaseLease"/>.</summary>
    public ModelLease? Lease { get; private set; }

    /// <summary>Its KV; null while it holds none.</summary>
    public BlockTable? Kv { get; set; }

    /// <summary>The table that its KV comes and goes with, so that waiting for blocks allocates nothing.</summary>
    public BlockTable? SpareTable { get; set; }

    /// <summary>What its KV holds per token; once it was settled where it runs.</summary>
    public KvShape KvShape => Lease!.Served.KvShape(Lease.Target.Depth);

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
    public bool MayLeaveEarly(int position) => position >= PromptLength && position == Known - 1 && DepthOf(position) == 0;

    /// <summary>Takes another model's ids for the same prompt. Only before it ever ran.</summary>
    public void SetPrompt(EncodedPrompt prompt)
    {
        tokens = [.. prompt.Ids];
        TokenizerFingerprint = prompt.TokenizerFingerprint;
        PromptForm = prompt.Form;
        EndIds = prompt.EndIds;
        PromptLength = Known = prompt.Ids.Count;
    }

    /// <summary>Settles where it runs. It owns <paramref name="lease"/> from here on.</summary>
    public void Assign(Route route, ModelLease lease)
    {
        Route = route;
        Lease = lease;
        if (Request.MaxTokens is null) MaxTokens = Math.Min(MaxTokens, lease.Served.Info.Architecture.ContextLength - PromptLength);
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
        if (depths.Length == 0) depths = new ushort[Capacity];
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
        if (Known == tokens.Length) Array.Resize(ref tokens, Capacity);
        tokens[Known++] = token;
    }

    /// <summary>Its KV was dropped: everything is computed again.</summary>
    public void Restart()
    {
        Computed = 0;
        knownAtRestart = Known;
    }
}

/// <summary>A prompt's ids and the tokenizer that made them.</summary>
/// <param name="Ids">At least one id.</param>
/// <param name="TokenizerFingerprint">Whose ids they are.</param>
internal sealed record EncodedPrompt(IReadOnlyList<int> Ids, string TokenizerFingerprint)
{
    /// <summary>Equal for models that give the prompt equal ids.</summary>
    public string Form { get; init; } = TokenizerFingerprint;

    /// <summary>Ids that end the answer besides those of the model.</summary>
    public ImmutableArray<int> EndIds { get; init; } = [];
}
