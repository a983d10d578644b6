using Helios.Sdk.Backends;
using Helios.Sdk.Energy;
using Helios.Sdk.Lab;
using Helios.Sdk.Scheduling;

namespace Helios.Sdk;

/// <summary>All settings of an engine. Checked when the engine is built, with messages that name the option; not to be changed from then on.</summary>
public sealed class HeliosOptions
{
    /// <summary>The pool's models, in order of preference where nothing else decides. At least one.</summary>
    public IList<ModelSource> Models { get; } = [];

    /// <summary>How weights are held.</summary>
    public Precision Precision { get; set; } = Precision.Auto;

    /// <summary>
    /// Most bytes for weights, workspaces and KV together, at least 1. Null takes half of the memory the device offers this process,
    /// container limits respected.
    /// </summary>
    public long? MemoryBudgetBytes { get; set; }

    /// <summary>
    /// Name of the backend, among those that were added (<see cref="IBackendFactory"/>), e.g. <c>cpu</c>. Null takes the one that
    /// was added last.
    /// </summary>
    public string? Backend { get; set; }

    /// <summary>Settings of the backend, which says what there is; the CPU backend has <c>Threads</c>, <c>VectorWidth</c> and <c>KvPrecision</c>.</summary>
    public IDictionary<string, string> BackendSettings { get; } = new Dictionary<string, string>(StringComparer.OrdinalIgnoreCase);

    /// <summary>The serving loop.</summary>
    public ServingOptions Serving { get; } = new();

    /// <summary>The adaptation loop.</summary>
    public AdaptationOptions Adaptation { get; } = new();

    /// <summary>What metrics and traces hold.</summary>
    public TelemetryOptions Telemetry { get; } = new();
}

/// <summary>What metrics and traces hold.</summary>
public sealed class TelemetryOptions
{
    /// <summary>
    /// Puts prompts, answers and stop strings into the activities of requests (<c>gen_ai.input.messages</c>, <c>gen_ai.output.messages</c>), for listeners to
    /// them. Off by default: without it they are in no log, metric or trace.
    /// </summary>
    public bool CaptureContent { get; set; }
}

/// <summary>A model of the pool.</summary>
/// <param name="Name">Name by which requests and decisions call it; unique in the pool.</param>
/// <param name="Path">Folder in Hugging Face layout.</param>
public sealed record ModelSource(string Name, string Path)
{
    /// <summary>
    /// A chat template, in the supported subset of Jinja, for conversations with this model. It goes before one in the model's folder
    /// (<c>chat_template.jinja</c>, or <c>chat_template</c> of <c>tokenizer_config.json</c>), and is null by default: a model without any
    /// takes no conversations.
    /// </summary>
    public string? ChatTemplate { get; set; }
}

/// <summary>Options of the serving loop.</summary>
public sealed class ServingOptions
{
    /// <summary>Most sequences running at once, at least 1.</summary>
    public int MaxBatchSize { get; set; } = 64;

    /// <summary>Most rows (tokens) of one step: decode rows first, prompt chunks in what is left. 1 to 65536, and no fewer than <see cref="MaxBatchSize"/>.</summary>
    public int MaxRowsPerStep { get; set; } = 256;

    /// <summary>
    /// Most requests waiting to be started, at least 1; one more is turned away with <see cref="ServerBusyException"/>. While nobody
    /// waits, a burst may bring as many more as the batch has room for, since these are started at once.
    /// </summary>
    public int MaxQueueLength { get; set; } = 10_000;

    /// <summary>
    /// Most time that a request waits to be started, above 0; after it, it is turned away with <see cref="ServerBusyException"/>.
    /// Null lets it wait.
    /// </summary>
    public TimeSpan? MaxQueueTime { get; set; }

    /// <summary>
    /// Most bytes of host memory for prompts of more than 4,096 characters that are being encoded, at least 1. A prompt counts with 128
    /// bytes for each of its characters; one that takes more than there is goes alone. Others wait for their turn, as long as what waits
    /// counts for no more than sixteen times as much; the next one is turned away with <see cref="ServerBusyException"/>.
    /// </summary>
    public long MaxEncodingBytes { get; set; } = 256L << 20;

    /// <summary>
    /// Who goes next among waiting requests of the same priority, by name: <c>fair</c> (weighted fair sharing between tenants by
    /// tokens, see <see cref="Tenants"/>; a tenant's requests by deadline, then by arrival), <c>first-come</c>, <c>deadline</c>
    /// (the earliest deadline first; one without counts as due 30 seconds after its arrival), or one of your own
    /// (<see cref="IRequestOrder"/>). A scheduler of your own need not heed it.
    /// </summary>
    public string Order { get; set; } = "fair";

    /// <summary>
    /// A request that has waited this long while higher priorities are served is overdue: one start in eight is for those, the
    /// longest wait first, and once started it keeps its place as if it were of the highest priority. So nobody starves, and a
    /// backlog holds nobody up. Above 0, at most 1 day.
    /// </summary>
    public TimeSpan PriorityAging { get; set; } = TimeSpan.FromSeconds(30);

    /// <summary>
    /// How much longer than the decoding requests' rows alone a step may take because prompts are computed in it, as a factor
    /// above 1; <see cref="double.PositiveInfinity"/> sets no bound. A handful of rows, up to the end of a tile of 8, joins in any
    /// case. Low values keep the time between tokens even while a long
    /// prompt comes in; high ones compute prompts sooner, and fill the batch better.
    /// </summary>
    public double MaxDecodeStretch { get; set; } = 1.8;

    /// <summary>
    /// A step that takes no longer than this is not held back, whatever <see cref="MaxDecodeStretch"/> says: nobody sees tokens come
    /// unevenly at 200 a second, and small models compute prompts much sooner. 0 to 1 second.
    /// </summary>
    public TimeSpan UnpacedStepTime { get; set; } = TimeSpan.FromMilliseconds(5);

    /// <summary>
    /// Share of all KV blocks that must stay obtainable when a request is started beside others, 0 to 0.5, so that those that
    /// run can grow for a while; at least one block for each of them.
    /// </summary>
    public double KvWatermark { get; set; } = 0.01;

    /// <summary>Tenants that differ from the rest, by the name that <see cref="GenerationRequest.Tenant"/> gives; <c>anonymous</c> is those that give none.</summary>
    public IDictionary<string, TenantOptions> Tenants { get; } = new Dictionary<string, TenantOptions>(StringComparer.Ordinal);

    /// <summary>Tokens of a KV block; a multiple of 16 from 16 to 4096.</summary>
    public int KvBlockTokens { get; set; } = 16;

    /// <summary>Bytes of a KV slab, the unit in which KV takes memory from the budget, at least 1. Null picks 1/64 of the budget, at least 256 KiB, and enough for four blocks.</summary>
    public long? KvSlabBytes { get; set; }

    /// <summary>
    /// Keeps the KV of what has run, as long as nobody else wants the memory, for requests that begin with the same tokens.
    /// Who may find it, <see cref="Tenants"/> says: by default the same tenant alone.
    /// </summary>
    public bool PrefixCache { get; set; } = true;

    /// <summary>
    /// Share of KV memory for the cached KV of a tenant that names no share of its own, or of a
    /// <see cref="TenantOptions.CacheGroup"/> that does not, 0 to 1. Over it, its cached KV is the first to go when memory is wanted; until then it stays.
    /// </summary>
    public double DefaultCacheShare { get; set; } = 0.25;

    /// <summary>Per-token exit policy among the loaded layers, by name: <c>none</c>, <c>confidence:0.8</c>, <c>top1:0.9</c>, <c>margin:0.3</c>, <c>entropy:1.5</c>, <c>patience:2</c>, or one of your own.</summary>
    public string ExitPolicy { get; set; } = "none";

    /// <summary>
    /// Lossless mode: tokens are drafted at this exit and verified by the layers above it, with the output of the full depth,
    /// bit for bit. An exit of the first model below its full depth, at least 1; needs <see cref="AdaptationOptions.Enabled"/> off, the full
    /// depth and the exit policy <c>none</c>. Null drafts nothing.
    /// </summary>
    public int? DraftDepth { get; set; }

    /// <summary>How long shutting down waits for running requests before it aborts them, 0 to 1 day; less than the time a host has to stop (30 s unless set), or aborted answers do not reach their clients.</summary>
    public TimeSpan DrainTimeout { get; set; } = TimeSpan.FromSeconds(25);
}

/// <summary>Options of the adaptation loop. Defaults marked "paper" are those of the HELIOS paper.</summary>
public sealed class AdaptationOptions
{
    /// <summary>Whether the model and the depth that serve are chosen while serving. Off: the first model serves at <see cref="FixedDepth"/>, and nothing changes.</summary>
    public bool Enabled { get; set; } = true;

    /// <summary>Depth served while adaptation is off, at least 1; null is the full depth.</summary>
    public int? FixedDepth { get; set; }

    /// <summary>
    /// What "best" means, by name: <c>throughput</c> (tokens per second), <c>latency</c> (time per output token), <c>ttft</c> (time
    /// to first token, p95), <c>energy</c> (joules per token), <c>memory</c> (bytes), <c>quality</c> (bits per byte, within limits if
    /// given: <c>quality:bytes=48MiB,ttft=500ms,tpot=50ms</c>), <c>goodput:ttft=500ms,tpot=50ms</c> (tokens per second of requests
    /// that keep both), or one of your own (<see cref="ISloObjective"/>).
    /// </summary>
    public string Objective { get; set; } = "throughput";

    /// <summary>
    /// Model repository, as <c>helios profile</c> writes it, from which the candidates are chosen for the objective and the budget:
    /// offline telemetry by checkpoint, device and precision. One that cannot be read ends the start. Null chooses by size.
    /// </summary>
    public string? ModelRepository { get; set; }

    /// <summary>
    /// File in which profiles are kept from one run to the next: what steps cost, and what scoring showed, by checkpoint, device
    /// and precision; no text. Written at every reassessment and at the end. A file that cannot be used is ignored with a
    /// warning. Null keeps none.
    /// </summary>
    public string? ProfileStore { get; set; }

    /// <summary>
    /// Age at which kept evidence counts for nothing, above 0; a seventh of it halves what evidence counts. With enough of it left, the
    /// first selection evaluates nothing anew.
    /// </summary>
    public TimeSpan ProfileMaxAge { get; set; } = TimeSpan.FromDays(7);

    /// <summary>Candidates evaluated (paper: K = 3), at least 1.</summary>
    public int Candidates { get; set; } = 3;

    /// <summary>Live requests each candidate answers while it is evaluated (paper: 5), at least 1.</summary>
    public int RequestsPerCandidate { get; set; } = 5;

    /// <summary>
    /// Most time that a layer may take to load, and that each part of a candidate's evaluation may take: the probe of its steps, the
    /// answers to its requests, its scoring. Above 0, at most 1 day. One that takes longer is left alone for a while; waiting for
    /// requests does not count.
    /// </summary>
    public TimeSpan EvaluationTimeLimit { get; set; } = TimeSpan.FromMinutes(5);

    /// <summary>Whether a candidate may serve with fewer layers than it has.</summary>
    public bool LoadPartially { get; set; } = true;

    /// <summary>
    /// How a depth is found fit to serve: <c>constrained</c>, by its breach rate, or <c>coverage:0.9</c>, by the share of tokens that
    /// leave up to it. The first asks that the rate, less a margin, is under what the guard bears; the second is the paper's plain
    /// rule, the shallowest exit up to which nine tenths of all tokens are sure enough to leave. Floors of quality and agreement hold beside either.
    /// </summary>
    public string DepthRule { get; set; } = "constrained";

    /// <summary>Calibrated probability of equalling the full-depth token below which a token is a breach, 0 to 1, in steps of 0.005.</summary>
    public double ConfidenceTarget { get; set; } = 0.7;

    /// <summary>Tokens over which breaches are counted (paper: 100), at least 2.</summary>
    public int BreachWindow { get; set; } = 100;

    /// <summary>Breaches within the window above which the guard acts (paper: 50), at least 1, below <see cref="BreachWindow"/>.</summary>
    public int BreachLimit { get; set; } = 50;

    /// <summary>How far below the limit a point's breach rate must lie to be chosen, so that unchanged traffic seldom trips the guard, 0 to 1. The limit is <see cref="BreachLimit"/> / <see cref="BreachWindow"/>.</summary>
    public double BreachMargin { get; set; } = 0.15;

    /// <summary>Worst quality chosen, in bits per byte above the best candidate at full depth; at least 0 bits per byte, null lifts the floor.</summary>
    public double? MaxQualityGap { get; set; } = 0.1;

    /// <summary>Least agreement with the same model's full depth, 0 to 1; null asks for none.</summary>
    public double? MinAgreement { get; set; }

    /// <summary>Half of the widest interval of a quality gap on which another point is chosen before there is a full window of evidence, above 0 bits per byte.</summary>
    public double MaxGapUncertainty { get; set; } = 0.05;

    /// <summary>Files of certificates of models of the pool, as <c>helios certify --out</c> writes them (<see cref="RiskCertificate"/>).</summary>
    public IList<string> Certificates { get; } = [];

    /// <summary>Whether only points that a certificate covers may serve (see <see cref="Certificates"/>), beside full depths without exits, which need none.</summary>
    public bool RequireCertificate { get; set; }

    /// <summary>Most bytes for weights, workspace and the KV of one sequence of usual length, at least 1; null leaves it to the memory budget.</summary>
    public long? MaxPointBytes { get; set; }

    /// <summary>Most joules for a token, above 0; needs an <see cref="IEnergyMeter"/>. Null asks for none.</summary>
    public double? MaxJoulesPerToken { get; set; }

    /// <summary>Longest time to first token that nineteen of twenty requests may need at present demand, above 0; null sets no limit.</summary>
    public TimeSpan? MaxTtft { get; set; }

    /// <summary>Requests after which candidates are evaluated again (paper: 150), at least 1.</summary>
    public int ReassessEveryRequests { get; set; } = 150;

    /// <summary>Time after which candidates are evaluated again even if fewer requests came, above 0; null waits for requests alone.</summary>
    public TimeSpan? ReassessEvery { get; set; } = TimeSpan.FromMinutes(10);

    /// <summary>Share of finished requests scored again at full depth while serving, 0 to 1, as far as <see cref="MaxScoringShare"/> allows.</summary>
    public double ShadowScoringRate { get; set; } = 0.1;

    /// <summary>
    /// Share of finished requests that the active point scores again in the long run, saturated or not, 0 to 1: should
    /// <see cref="MaxScoringShare"/> not allow even that, this goes before it. No more than <see cref="ShadowScoringRate"/>.
    /// </summary>
    public double MinShadowScoringRate { get; set; } = 0.01;

    /// <summary>Most of the device's time that evaluation probes and shadow scoring may take, above 0, at most 1.</summary>
    public double MaxScoringShare { get; set; } = 0.05;

    /// <summary>
    /// Most of the machine's processors that reading and packing weights may take while requests run, above 0, at most 1; 1 loads as fast
    /// as it can. A load keeps one processor busy, so the default of 1/8 slows it down on machines of fewer than eight.
    /// </summary>
    public double MaxLoadShare { get; set; } = 0.125;

    /// <summary>Least predicted gain for which a point that serves well is left, relative (0.03 = 3 %), at least 0.</summary>
    public double MinimumGain { get; set; } = 0.03;

    /// <summary>Time within which a change must pay for its load: a load that takes a tenth of it must gain 10 % on top of <see cref="MinimumGain"/>. Above 0.</summary>
    public TimeSpan ChangeHorizon { get; set; } = TimeSpan.FromSeconds(60);

    /// <summary>Time a point serves at least before it is left for a mere gain, at least 0.</summary>
    public TimeSpan MinimumResidence { get; set; } = TimeSpan.FromMilliseconds(500);

    /// <summary>Requests a point serves at least before reassessment may leave it, at least 0; the guard may act earlier.</summary>
    public int MinimumResidenceRequests { get; set; } = 20;
}
