using Helios.Sdk.Backends;
using Helios.Sdk.Energy;
using Helios.Sdk.Lab;
using Helios.Sdk.Scheduling;

namespace Helios.Sdk;

/// <summary>All settings of an engine. They are checked when the engine is built; errors name the option. Do not change them afterwards.</summary>
public sealed class HeliosOptions
{
    /// <summary>The pool's models, in order of preference if nothing else decides. At least one.</summary>
    public IList<ModelSource> Models { get; } = [];

    /// <summary>Precision of the weights.</summary>
    public Precision Precision { get; set; } = Precision.Auto;

    /// <summary>
    /// Maximum bytes for weights, workspaces and KV together, at least 1. Null takes half of the memory that the device offers this
    /// process, container limits respected.
    /// </summary>
    public long? MemoryBudgetBytes { get; set; }

    /// <summary>
    /// Name of the backend, among those that were added (<see cref="IBackendFactory"/>), e.g. <c>cpu</c>. Null takes the last added
    /// one.
    /// </summary>
    public string? Backend { get; set; }

    /// <summary>Settings of the backend, which defines them; the CPU backend has <c>Threads</c>, <c>VectorWidth</c> and <c>KvPrecision</c>.</summary>
    public IDictionary<string, string> BackendSettings { get; } = new Dictionary<string, string>(StringComparer.OrdinalIgnoreCase);

    /// <summary>The serving loop.</summary>
    public ServingOptions Serving { get; } = new();

    /// <summary>The adaptation loop.</summary>
    public AdaptationOptions Adaptation { get; } = new();

    /// <summary>Contents of metrics and traces.</summary>
    public TelemetryOptions Telemetry { get; } = new();
}

/// <summary>Contents of metrics and traces.</summary>
public sealed class TelemetryOptions
{
    /// <summary>
    /// Adds prompts, answers and stop strings to the activities of requests (<c>gen_ai.input.messages</c>, <c>gen_ai.output.messages</c>). Off by default:
    /// then no log, metric or trace contains them.
    /// </summary>
    public bool CaptureContent { get; set; }
}

/// <summary>A model of the pool.</summary>
/// <param name="Name">Name in requests and decisions; unique in the pool.</param>
/// <param name="Path">Folder in Hugging Face layout.</param>
public sealed record ModelSource(string Name, string Path)
{
    /// <summary>
    /// A chat template, in the supported subset of Jinja, for conversations with this model. It takes precedence over a template in the
    /// model's folder (<c>chat_template.jinja</c>, or <c>chat_template</c> of <c>tokenizer_config.json</c>). Null by default; a model without
    /// any template takes no conversations.
    /// </summary>
    public string? ChatTemplate { get; set; }

    /// <summary>
    /// A JSON file of the SHA-256 of tensors, as <c>{ "model.norm.weight": "64 hexadecimal digits" }</c>: each is read through and held
    /// against it whenever it is loaded, beside those that <c>digests</c> of the model's <c>helios.json</c> names. Null, the default, names no others.
    /// </summary>
    public string? DigestFile { get; set; }
}

/// <summary>Options of the serving loop.</summary>
public sealed class ServingOptions
{
    /// <summary>Maximum sequences that run at once, at least 1.</summary>
    public int MaxBatchSize { get; set; } = 64;

    /// <summary>Maximum rows (tokens) of one step: decode rows first, then prompt chunks. 1 to 65536, and no fewer than <see cref="MaxBatchSize"/>.</summary>
    public int MaxRowsPerStep { get; set; } = 256;

    /// <summary>
    /// Maximum requests that wait to be started, at least 1; further requests are refused with <see cref="ServerBusyException"/>. While no
    /// request waits, a burst may bring as many more as the batch can take, because these are started at once.
    /// </summary>
    public int MaxQueueLength { get; set; } = 10_000;

    /// <summary>
    /// Maximum time that a request waits to be started, above 0; after it the request is refused with <see cref="ServerBusyException"/>.
    /// Null sets no limit.
    /// </summary>
    public TimeSpan? MaxQueueTime { get; set; }

    /// <summary>
    /// Maximum bytes of host memory for prompts of more than 4,096 characters that are being encoded, at least 1. A prompt counts 128 bytes
    /// per character; a prompt that counts more than the maximum is encoded alone. Other prompts wait, as long as the waiting prompts count
    /// at most sixteen times the maximum; further prompts are refused with <see cref="ServerBusyException"/>.
    /// </summary>
    public long MaxEncodingBytes { get; set; } = 256L << 20;

    /// <summary>
    /// Order of waiting requests with the same priority, by name: <c>fair</c> (weighted fair sharing between tenants by
    /// tokens, see <see cref="Tenants"/>; a tenant's requests by deadline, then by arrival), <c>first-come</c>, <c>deadline</c>
    /// (the earliest deadline first; a request without a deadline is due 30 seconds after its arrival), or one of your own
    /// (<see cref="IRequestOrder"/>). A scheduler of your own may ignore it.
    /// </summary>
    public string Order { get; set; } = "fair";

    /// <summary>
    /// A request that has waited this long while higher priorities are served is overdue. One start in eight is reserved for overdue
    /// requests, the longest wait first; once started, such a request keeps its place as if it had the highest priority. So no request
    /// starves, and a backlog delays higher priorities only slightly. Above 0, at most 1 day.
    /// </summary>
    public TimeSpan PriorityAging { get; set; } = TimeSpan.FromSeconds(30);

    /// <summary>
    /// Maximum ratio of a step's time with prompts to the time of its decode rows alone, above 1;
    /// <see cref="double.PositiveInfinity"/> sets no bound. A few rows, up to the end of a tile of 8, always join. Low values keep the
    /// time between tokens steady while a long prompt runs; high values compute prompts sooner, and fill the batch better.
    /// </summary>
    public double MaxDecodeStretch { get; set; } = 1.8;

    /// <summary>
    /// Steps up to this time are not limited, regardless of <see cref="MaxDecodeStretch"/>: uneven gaps are not visible at 200 tokens per
    /// second, and small models compute prompts much sooner. 0 to 1 second.
    /// </summary>
    public TimeSpan UnpacedStepTime { get; set; } = TimeSpan.FromMilliseconds(5);

    /// <summary>
    /// Share of all KV blocks that must stay available when a request is started beside others, 0 to 0.5, so that running requests can
    /// grow for a while; at least one block for each of them.
    /// </summary>
    public double KvWatermark { get; set; } = 0.01;

    /// <summary>Tenants with settings of their own, by the name in <see cref="GenerationRequest.Tenant"/>; <c>anonymous</c> is the tenant of requests without a name.</summary>
    public IDictionary<string, TenantOptions> Tenants { get; } = new Dictionary<string, TenantOptions>(StringComparer.Ordinal);

    /// <summary>Tokens of a KV block; a multiple of 16 from 16 to 4096.</summary>
    public int KvBlockTokens { get; set; } = 16;

    /// <summary>Bytes of a KV slab, the unit in which KV takes memory from the budget, at least 1. Null picks 1/64 of the budget, at least 256 KiB, and enough for four blocks.</summary>
    public long? KvSlabBytes { get; set; }

    /// <summary>
    /// Keeps KV, while its memory is not needed, for requests that begin with the same tokens. By default only the same tenant may reuse
    /// it; <see cref="Tenants"/> can change that.
    /// </summary>
    public bool PrefixCache { get; set; } = true;

    /// <summary>
    /// Share of KV memory for the cached KV of a tenant without a share of its own, or of such a
    /// <see cref="TenantOptions.CacheGroup"/>, 0 to 1. Cached KV over the share is evicted first when memory is needed; until then it stays.
    /// </summary>
    public double DefaultCacheShare { get; set; } = 0.25;

    /// <summary>Per-token exit policy among the loaded layers, by name: <c>none</c>, <c>confidence:0.8</c>, <c>top1:0.9</c>, <c>margin:0.3</c>, <c>entropy:1.5</c>, <c>patience:2</c>, or one of your own.</summary>
    public string ExitPolicy { get; set; } = "none";

    /// <summary>
    /// Lossless mode: tokens are drafted at this exit and verified by the layers above it, with the output of the full depth,
    /// bit for bit. An exit of the first model below its full depth, at least 1; needs <see cref="AdaptationOptions.Enabled"/> off, the full
    /// depth and the exit policy <c>none</c>. Null turns drafts off.
    /// </summary>
    public int? DraftDepth { get; set; }

    /// <summary>How long shutdown waits for running requests before it aborts them, 0 to 1 day. It must be shorter than the host's shutdown timeout (30 s by default); otherwise aborted answers do not reach their clients.</summary>
    public TimeSpan DrainTimeout { get; set; } = TimeSpan.FromSeconds(25);
}

/// <summary>Options of the adaptation loop. Defaults marked "paper" are those of the HELIOS paper.</summary>
public sealed class AdaptationOptions
{
    /// <summary>Whether the engine chooses the model and the depth while serving. If off, the first model serves at <see cref="FixedDepth"/>, and nothing changes.</summary>
    public bool Enabled { get; set; } = true;

    /// <summary>Depth served while adaptation is off, at least 1; null is the full depth.</summary>
    public int? FixedDepth { get; set; }

    /// <summary>
    /// The objective, by name: <c>throughput</c> (tokens per second), <c>latency</c> (time per output token), <c>ttft</c> (time
    /// to first token, p95), <c>energy</c> (joules per token), <c>memory</c> (bytes), <c>quality</c> (bits per byte, with optional
    /// limits: <c>quality:bytes=48MiB,ttft=500ms,tpot=50ms</c>), <c>goodput:ttft=500ms,tpot=50ms</c> (tokens per second of requests
    /// within both limits), or one of your own (<see cref="ISloObjective"/>).
    /// </summary>
    public string Objective { get; set; } = "throughput";

    /// <summary>
    /// Model repository, written by <c>helios profile</c>, from which the candidates are chosen for the objective and the budget. It has
    /// offline telemetry by checkpoint, device and precision. An unreadable file fails the start. Null chooses by size.
    /// </summary>
    public string? ModelRepository { get; set; }

    /// <summary>
    /// File in which profiles are kept from one run to the next: step costs and scoring results by checkpoint, device and precision; no
    /// text. Written at every reassessment and at the end. An unusable file is ignored with a warning. Null keeps none.
    /// </summary>
    public string? ProfileStore { get; set; }

    /// <summary>
    /// Age at which stored evidence is dropped, above 0; a seventh of it is the half-life of its weight. With enough evidence left, the
    /// first selection evaluates nothing again.
    /// </summary>
    public TimeSpan ProfileMaxAge { get; set; } = TimeSpan.FromDays(7);

    /// <summary>Candidates to evaluate (paper: K = 3), at least 1.</summary>
    public int Candidates { get; set; } = 3;

    /// <summary>Live requests that each candidate answers during its evaluation (paper: 5), at least 1.</summary>
    public int RequestsPerCandidate { get; set; } = 5;

    /// <summary>
    /// Maximum time to load a layer, and for each part of a candidate's evaluation: the probe of its steps, the answers to its requests,
    /// its scoring. Above 0, at most 1 day. A candidate that takes longer is tried again later; waiting for requests does not count.
    /// </summary>
    public TimeSpan EvaluationTimeLimit { get; set; } = TimeSpan.FromMinutes(5);

    /// <summary>Whether a candidate may serve with fewer layers than it has.</summary>
    public bool LoadPartially { get; set; } = true;

    /// <summary>
    /// Rule for feasible depths: <c>constrained</c>, by the breach rate, or <c>coverage:0.9</c>, by the share of tokens that leave up to a
    /// depth. The first requires a rate below the guard's limit with a margin. The second is the paper's rule: the shallowest exit up to
    /// which nine tenths of all tokens are confident enough to leave. Floors of quality and agreement apply with both rules.
    /// </summary>
    public string DepthRule { get; set; } = "constrained";

    /// <summary>A token is a breach if its calibrated probability of equalling the full-depth token is below this, 0 to 1, in steps of 0.005.</summary>
    public double ConfidenceTarget { get; set; } = 0.7;

    /// <summary>Tokens over which breaches are counted (paper: 100), at least 2.</summary>
    public int BreachWindow { get; set; } = 100;

    /// <summary>Breaches within the window above which the guard acts (paper: 50), at least 1, below <see cref="BreachWindow"/>.</summary>
    public int BreachLimit { get; set; } = 50;

    /// <summary>How far below the limit a point's breach rate must be, so that unchanged traffic rarely trips the guard, 0 to 1. The limit is <see cref="BreachLimit"/> / <see cref="BreachWindow"/>.</summary>
    public double BreachMargin { get; set; } = 0.15;

    /// <summary>Maximum quality gap of a point, in bits per byte above the best candidate at full depth; at least 0 bits per byte, null removes the floor.</summary>
    public double? MaxQualityGap { get; set; } = 0.1;

    /// <summary>Minimum agreement with the same model's full depth, 0 to 1; null sets no limit.</summary>
    public double? MinAgreement { get; set; }

    /// <summary>Maximum half-width of the interval of a quality gap for which another point may be chosen before the window of evidence is full, above 0 bits per byte.</summary>
    public double MaxGapUncertainty { get; set; } = 0.05;

    /// <summary>Certificate files of models of the pool, written by <c>helios certify --out</c> (<see cref="RiskCertificate"/>).</summary>
    public IList<string> Certificates { get; } = [];

    /// <summary>Whether only points with a certificate may serve (see <see cref="Certificates"/>). Full depths without exits need none.</summary>
    public bool RequireCertificate { get; set; }

    /// <summary>Maximum bytes for weights, workspace and the KV of one sequence of usual length, at least 1; null applies only the memory budget.</summary>
    public long? MaxPointBytes { get; set; }

    /// <summary>Maximum joules per token, above 0; needs an <see cref="IEnergyMeter"/>. Null sets no limit.</summary>
    public double? MaxJoulesPerToken { get; set; }

    /// <summary>Maximum 95th percentile of the time to first token at present demand, above 0; null sets no limit.</summary>
    public TimeSpan? MaxTtft { get; set; }

    /// <summary>Requests between two reassessments (paper: 150), at least 1.</summary>
    public int ReassessEveryRequests { get; set; } = 150;

    /// <summary>Time after which a reassessment starts even with fewer requests, above 0; null counts only requests.</summary>
    public TimeSpan? ReassessEvery { get; set; } = TimeSpan.FromMinutes(10);

    /// <summary>Share of finished requests scored again at full depth while serving, 0 to 1, within <see cref="MaxScoringShare"/>.</summary>
    public double ShadowScoringRate { get; set; } = 0.1;

    /// <summary>
    /// Share of finished requests that the active point scores again in the long run, even if the device is saturated, 0 to 1. It takes
    /// precedence over <see cref="MaxScoringShare"/>. No more than <see cref="ShadowScoringRate"/>.
    /// </summary>
    public double MinShadowScoringRate { get; set; } = 0.01;

    /// <summary>Maximum share of the device's time for evaluation probes and shadow scoring, above 0, at most 1.</summary>
    public double MaxScoringShare { get; set; } = 0.05;

    /// <summary>
    /// Maximum share of the machine's processors for reading and packing weights while requests run, above 0, at most 1; 1 loads at full
    /// speed. A load keeps one processor busy, so the default of 1/8 slows it down on machines with fewer than eight.
    /// </summary>
    public double MaxLoadShare { get; set; } = 0.125;

    /// <summary>Minimum predicted gain of a change from a feasible point, relative (0.03 = 3 %), at least 0.</summary>
    public double MinimumGain { get; set; } = 0.03;

    /// <summary>Time within which a change must pay for its load: a load that takes a tenth of it must gain 10 % on top of <see cref="MinimumGain"/>. Above 0.</summary>
    public TimeSpan ChangeHorizon { get; set; } = TimeSpan.FromSeconds(60);

    /// <summary>Minimum time at a point before a change for a gain, at least 0.</summary>
    public TimeSpan MinimumResidence { get; set; } = TimeSpan.FromMilliseconds(500);

    /// <summary>Minimum requests at a point before a reassessment may leave it, at least 0; the guard may act earlier.</summary>
    public int MinimumResidenceRequests { get; set; } = 20;
}
