namespace Helios.Sdk;

/// <summary>Everything an engine can be told. Checked when the engine is built; messages name the option.</summary>
public sealed class HeliosOptions
{
    /// <summary>The pool's models, in order of preference where nothing else decides. At least one.</summary>
    public IList<ModelSource> Models { get; } = [];

    /// <summary>How weights are held.</summary>
    public Precision Precision { get; set; } = Precision.Auto;

    /// <summary>
    /// Most bytes for weights, workspaces and KV together. Null takes half of the memory the device offers this process,
    /// container limits respected.
    /// </summary>
    public long? MemoryBudgetBytes { get; set; }

    /// <summary>The serving loop.</summary>
    public ServingOptions Serving { get; } = new();

    /// <summary>The adaptation loop.</summary>
    public AdaptationOptions Adaptation { get; } = new();
}

/// <summary>A model of the pool.</summary>
/// <param name="Name">Name by which requests and decisions call it; unique in the pool.</param>
/// <param name="Path">Folder in Hugging Face layout.</param>
public sealed record ModelSource(string Name, string Path);

/// <summary>Options of the serving loop.</summary>
public sealed class ServingOptions
{
    /// <summary>Most sequences running at once, at least 1.</summary>
    public int MaxBatchSize { get; set; } = 64;

    /// <summary>Most rows (tokens) of one step: decode rows first, prompt chunks in what is left. At least <see cref="MaxBatchSize"/>.</summary>
    public int MaxRowsPerStep { get; set; } = 256;

    /// <summary>Most requests waiting; one more is turned away with <see cref="ServerBusyException"/>. At least 1.</summary>
    public int MaxQueueLength { get; set; } = 10_000;

    /// <summary>
    /// Most time that a request waits to be started, above 0; after it, it is turned away with <see cref="ServerBusyException"/>.
    /// Null (the default) lets it wait.
    /// </summary>
    public TimeSpan? MaxQueueTime { get; set; }

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
    /// backlog holds nobody up. Above 0, at most a day.
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
    /// unevenly at 200 a second, and small models compute prompts much sooner. 0 to a second.
    /// </summary>
    public TimeSpan UnpacedStepTime { get; set; } = TimeSpan.FromMilliseconds(5);

    /// <summary>
    /// Share of all KV blocks, 0 to 0.5, that must stay obtainable when a request is started beside others, so that those that
    /// run can grow for a while; at least one block for each of them.
    /// </summary>
    public double KvWatermark { get; set; } = 0.01;

    /// <summary>Tenants that differ from the rest, by the name that <see cref="GenerationRequest.Tenant"/> gives; <c>anonymous</c> is those that give none.</summary>
    public IDictionary<string, TenantOptions> Tenants { get; } = new Dictionary<string, TenantOptions>(StringComparer.Ordinal);

    /// <summary>Tokens of a KV block; a multiple of 16.</summary>
    public int KvBlockTokens { get; set; } = 16;

    /// <summary>Bytes of a KV slab, the unit in which KV takes memory from the budget. Null picks 1/64 of the budget, at least 256 KiB, and enough for four blocks.</summary>
    public long? KvSlabBytes { get; set; }

    /// <summary>
    /// Keeps the KV of what has run, as long as nobody else wants the memory, for requests that begin with the same tokens.
    /// Who may find it, <see cref="Tenants"/> says: by default the same tenant alone.
    /// </summary>
    public bool PrefixCache { get; set; } = true;

    /// <summary>
    /// Share of KV memory, 0 to 1, for the cached KV of a tenant (or a <see cref="TenantOptions.CacheGroup"/>) that names no share of
    /// its own. Over it, its cached KV is the first to go when memory is wanted; until then it stays.
    /// </summary>
    public double DefaultCacheShare { get; set; } = 0.25;

    /// <summary>Per-token exit policy among the loaded layers, by name: <c>none</c>, <c>confidence:0.8</c>, <c>top1:0.9</c>, <c>margin:0.3</c>, <c>entropy:1.5</c>, <c>patience:2</c>, or one of your own.</summary>
    public string ExitPolicy { get; set; } = "none";

    /// <summary>
    /// Lossless mode: tokens are drafted at this exit and verified by the layers above it, with the output of the full depth,
    /// bit for bit. An exit of the first model below its full depth; needs <see cref="AdaptationOptions.Enabled"/> off, the full
    /// depth and the exit policy <c>none</c>. Null drafts nothing.
    /// </summary>
    public int? DraftDepth { get; set; }

    /// <summary>How long shutting down waits for running requests before it aborts them, at most a day.</summary>
    public TimeSpan DrainTimeout { get; set; } = TimeSpan.FromSeconds(30);
}

/// <summary>Options of the adaptation loop. Defaults marked "paper" are those of the HELIOS paper.</summary>
public sealed class AdaptationOptions
{
    /// <summary>Off: the first model serves at <see cref="FixedDepth"/>, and nothing changes.</summary>
    public bool Enabled { get; set; } = true;

    /// <summary>Depth served while adaptation is off; null is the full depth.</summary>
    public int? FixedDepth { get; set; }

    /// <summary>What "best" means, by name: <c>throughput</c>, <c>latency</c>, <c>memory</c>, or one of your own.</summary>
    public string Objective { get; set; } = "throughput";

    /// <summary>Candidates evaluated (paper: K = 3), at least 1.</summary>
    public int Candidates { get; set; } = 3;

    /// <summary>Live requests each candidate answers while it is evaluated (paper: 5), at least 1.</summary>
    public int RequestsPerCandidate { get; set; } = 5;

    /// <summary>Whether a candidate may serve with fewer layers than it has.</summary>
    public bool LoadPartially { get; set; } = true;

    /// <summary>Calibrated probability of equalling the full-depth token below which a token is a breach, 0 to 1.</summary>
    public double ConfidenceTarget { get; set; } = 0.7;

    /// <summary>Tokens over which breaches are counted (paper: 100), at least 1.</summary>
    public int BreachWindow { get; set; } = 100;

    /// <summary>Breaches within the window above which the guard acts (paper: 50), below <see cref="BreachWindow"/>.</summary>
    public int BreachLimit { get; set; } = 50;

    /// <summary>How far below <see cref="BreachLimit"/> / <see cref="BreachWindow"/> a point's breach rate must lie to be chosen, so that unchanged traffic seldom trips the guard.</summary>
    public double BreachMargin { get; set; } = 0.15;

    /// <summary>Worst quality chosen, in bits per byte above the best candidate at full depth; null lifts the floor.</summary>
    public double? MaxQualityGap { get; set; } = 0.1;

    /// <summary>Least agreement with the same model's full depth, 0..1; null asks for none.</summary>
    public double? MinAgreement { get; set; }

    /// <summary>Requests after which candidates are evaluated again (paper: 150), at least 1.</summary>
    public int ReassessEveryRequests { get; set; } = 150;

    /// <summary>Time after which candidates are evaluated again even if fewer requests came; null waits for requests alone.</summary>
    public TimeSpan? ReassessEvery { get; set; } = TimeSpan.FromMinutes(10);

    /// <summary>Share of finished requests scored again at full depth while serving, 0..1.</summary>
    public double ShadowScoringRate { get; set; } = 0.1;

    /// <summary>Most of the device's time that evaluation probes and shadow scoring may take, in (0, 1].</summary>
    public double MaxScoringShare { get; set; } = 0.05;

    /// <summary>Least predicted gain for which a point that serves well is left, relative (0.03 = 3 %).</summary>
    public double MinimumGain { get; set; } = 0.03;

    /// <summary>Time within which a change must pay for its load: a load that takes a tenth of it must gain 10 % on top of <see cref="MinimumGain"/>. Above 0.</summary>
    public TimeSpan ChangeHorizon { get; set; } = TimeSpan.FromSeconds(60);

    /// <summary>Time a point serves at least before it is left for a mere gain.</summary>
    public TimeSpan MinimumResidence { get; set; } = TimeSpan.FromMilliseconds(500);

    /// <summary>Requests a point serves at least before reassessment may leave it; the guard may act earlier.</summary>
    public int MinimumResidenceRequests { get; set; } = 20;
}
