using static Helios.Sdk.Hosting.Configuration.ValueFormats;

namespace Helios.Sdk.Hosting.Configuration;

/// <summary>
/// Every option, a line for each: key, format, range, property, meaning, and whether it reloads. Binder, checks, reload, the help of
/// <c>helios</c> and docs/reference/options.md come from here; a test compares the comments of the properties, which declare the defaults.
/// </summary>
internal static class OptionTable
{
    public const string Models = "Models";
    public const string BackendSettings = "BackendSettings";
    public const string Tenants = "Serving:Tenants";
    public const string Certificates = "Adaptation:Certificates";

    private static readonly TimeSpan Day = TimeSpan.FromDays(1);

    /// <summary>All of them; relative paths stay as they are.</summary>
    public static IReadOnlyList<OptionEntry<HeliosOptions>> All { get; } = For("");

    /// <summary>Those of a tenant.</summary>
    public static IReadOnlyList<OptionEntry<TenantOptions>> Tenant { get; } =
    [
        new ValueEntry<TenantOptions, double>("Weight", Number.Between(0.001, 1000), o => o.Weight, (o, v) => o.Weight = v, "Weight of its token share beside other tenants that wait at the same time."),
        new ValueEntry<TenantOptions, string?>("CacheGroup", OrNull(Name), o => o.CacheGroup, (o, v) => o.CacheGroup = v, "Shares cached prefixes with every tenant that names the same group.") { None = "keeps them to the tenant" },
        new ValueEntry<TenantOptions, double?>("CacheShare", OrNone(Number.Between(0, 1)), o => o.CacheShare, (o, v) => o.CacheShare = v, "Share of KV memory beyond which the cached KV of the tenant, or of its group, is evicted first.") { None = "takes the default" },
    ];

    /// <summary>All of them, in the order of the options.</summary>
    /// <param name="folder">Where relative paths start.</param>
    public static IReadOnlyList<OptionEntry<HeliosOptions>> For(string folder) =>
    [
        List(Models, "a list, or a section by names; each entry a path, or a section with `Path`, `Name`, `ChatTemplate` and `DigestFile`", o => o.Models.Select(model => model.ToString()), "The pool's models, in order of preference if nothing else decides."),
        Value("Precision", ValueFormats.Precision, o => o.Precision, (o, v) => o.Precision = v, "Precision of the weights."),
        Live("MemoryBudgetBytes", OrNone(Bytes), o => o.MemoryBudgetBytes, (o, v) => o.MemoryBudgetBytes = v, "Maximum bytes for weights, workspaces and KV together.", "takes half of the memory that the device offers this process, container limits respected"),
        Value("Backend", OrNull(Name), o => o.Backend, (o, v) => o.Backend = v, "Name of the backend, among those that were added.", "takes the last added one"),
        List(BackendSettings, "a section; the backend defines its settings (`cpu`: `Threads`, `VectorWidth`, `KvPrecision`; `torchsharp`: `Device`, `KvPrecision`, `AttentionBytes`)", o => Sorted(o.BackendSettings).Select(setting => setting.ToString()), "Settings of the backend."),

        Value("Serving:MaxBatchSize", Whole.AtLeast(1), o => o.Serving.MaxBatchSize, (o, v) => o.Serving.MaxBatchSize = v, "Maximum sequences that run at once."),
        Value("Serving:MaxRowsPerStep", Whole.Between(1, 65_536), o => o.Serving.MaxRowsPerStep, (o, v) => o.Serving.MaxRowsPerStep = v, "Maximum rows (tokens) of one step: decode rows first, then prompt chunks."),
        Value("Serving:MaxQueueLength", Whole.AtLeast(1), o => o.Serving.MaxQueueLength, (o, v) => o.Serving.MaxQueueLength = v, "Maximum requests that wait to be started."),
        Value("Serving:MaxQueueTime", OrNone(Time.Above(TimeSpan.Zero)), o => o.Serving.MaxQueueTime, (o, v) => o.Serving.MaxQueueTime = v, "Maximum time that a request waits to be started.", "sets no limit"),
        Value("Serving:MaxEncodingBytes", Bytes, o => o.Serving.MaxEncodingBytes, (o, v) => o.Serving.MaxEncodingBytes = v, "Maximum bytes of host memory for prompts of more than 4,096 characters that are being encoded."),
        Value("Serving:Order", Name, o => o.Serving.Order, (o, v) => o.Serving.Order = v, "Order of waiting requests with the same priority, by name."),
        Value("Serving:PriorityAging", Time.Above(TimeSpan.Zero, Day), o => o.Serving.PriorityAging, (o, v) => o.Serving.PriorityAging = v, "A request that has waited this long while higher priorities are served is overdue."),
        Value("Serving:MaxDecodeStretch", Number.Above(1), o => o.Serving.MaxDecodeStretch, (o, v) => o.Serving.MaxDecodeStretch = v, "Maximum ratio of a step's time with prompts to the time of its decode rows alone."),
        Value("Serving:UnpacedStepTime", Time.Between(TimeSpan.Zero, TimeSpan.FromSeconds(1)), o => o.Serving.UnpacedStepTime, (o, v) => o.Serving.UnpacedStepTime = v, "Steps up to this time are not limited."),
        Value("Serving:KvWatermark", Number.Between(0, 0.5), o => o.Serving.KvWatermark, (o, v) => o.Serving.KvWatermark = v, "Share of all KV blocks that must stay available when a request is started beside others."),
        List(Tenants, "a section by the names of tenants", o => Sorted(o.Serving.Tenants).Select(tenant => $"{tenant.Key} {string.Join(' ', Tenant.Select(entry => entry.Show(tenant.Value)))}"), "Tenants with settings of their own."),
        Value("Serving:KvBlockTokens", Whole.Within("a multiple of 16 from 16 to 4096", tokens => tokens is >= 16 and <= 4096 && tokens % 16 == 0), o => o.Serving.KvBlockTokens, (o, v) => o.Serving.KvBlockTokens = v, "Tokens of a KV block."),
        Value("Serving:KvSlabBytes", OrNone(Bytes), o => o.Serving.KvSlabBytes, (o, v) => o.Serving.KvSlabBytes = v, "Bytes of a KV slab, the unit in which KV takes memory from the budget.", "picks 1/64 of the budget, at least 256 KiB, and enough for four blocks"),
        Value("Serving:PrefixCache", Flag, o => o.Serving.PrefixCache, (o, v) => o.Serving.PrefixCache = v, "Keeps KV, while its memory is not needed, for requests that begin with the same tokens."),
        Value("Serving:DefaultCacheShare", Number.Between(0, 1), o => o.Serving.DefaultCacheShare, (o, v) => o.Serving.DefaultCacheShare = v, "Share of KV memory for the cached KV of a tenant without a share of its own."),
        Value("Serving:ExitPolicy", Name, o => o.Serving.ExitPolicy, (o, v) => o.Serving.ExitPolicy = v, "Per-token exit policy among the loaded layers, by name."),
        Value("Serving:DraftDepth", OrNone(Whole.AtLeast(1)), o => o.Serving.DraftDepth, (o, v) => o.Serving.DraftDepth = v, "Lossless mode: tokens are drafted at this exit and verified by the layers above it, with the output of the full depth, bit for bit.", "turns drafts off"),
        Value("Serving:DrainTimeout", Time.Between(TimeSpan.Zero, Day), o => o.Serving.DrainTimeout, (o, v) => o.Serving.DrainTimeout = v, "How long shutdown waits for running requests before it aborts them."),

        Value("Adaptation:Enabled", Flag, o => o.Adaptation.Enabled, (o, v) => o.Adaptation.Enabled = v, "Whether the engine chooses the model and the depth while serving."),
        Value("Adaptation:FixedDepth", OrNone(Whole.AtLeast(1)), o => o.Adaptation.FixedDepth, (o, v) => o.Adaptation.FixedDepth = v, "Depth served while adaptation is off.", "is the full depth"),
        Live("Adaptation:Objective", Name, o => o.Adaptation.Objective, (o, v) => o.Adaptation.Objective = v, "The objective, by name."),
        Value("Adaptation:ModelRepository", OrNull(File(folder)), o => o.Adaptation.ModelRepository, (o, v) => o.Adaptation.ModelRepository = v, "Model repository, written by helios profile, from which the candidates are chosen.", "chooses by size"),
        Value("Adaptation:ProfileStore", OrNull(File(folder)), o => o.Adaptation.ProfileStore, (o, v) => o.Adaptation.ProfileStore = v, "File in which profiles are kept from one run to the next.", "keeps none"),
        Value("Adaptation:ProfileMaxAge", Time.Above(TimeSpan.Zero), o => o.Adaptation.ProfileMaxAge, (o, v) => o.Adaptation.ProfileMaxAge = v, "Age at which stored evidence is dropped."),
        Value("Adaptation:Candidates", Whole.AtLeast(1), o => o.Adaptation.Candidates, (o, v) => o.Adaptation.Candidates = v, "Candidates to evaluate (paper: K = 3)."),
        Value("Adaptation:RequestsPerCandidate", Whole.AtLeast(1), o => o.Adaptation.RequestsPerCandidate, (o, v) => o.Adaptation.RequestsPerCandidate = v, "Live requests that each candidate answers during its evaluation (paper: 5)."),
        Value("Adaptation:EvaluationTimeLimit", Time.Above(TimeSpan.Zero, Day), o => o.Adaptation.EvaluationTimeLimit, (o, v) => o.Adaptation.EvaluationTimeLimit = v, "Maximum time to load a layer, and for each part of a candidate's evaluation."),
        Value("Adaptation:LoadPartially", Flag, o => o.Adaptation.LoadPartially, (o, v) => o.Adaptation.LoadPartially = v, "Whether a candidate may serve with fewer layers than it has."),
        Value("Adaptation:DepthRule", Name, o => o.Adaptation.DepthRule, (o, v) => o.Adaptation.DepthRule = v, "Rule for feasible depths: constrained, by the breach rate, or coverage:0.9, by the share of tokens that leave up to a depth."),
        Live("Adaptation:ConfidenceTarget", Number.Between(0, 1), o => o.Adaptation.ConfidenceTarget, (o, v) => o.Adaptation.ConfidenceTarget = v, "A token is a breach if its calibrated probability of equalling the full-depth token is below this."),
        Value("Adaptation:BreachWindow", Whole.AtLeast(2), o => o.Adaptation.BreachWindow, (o, v) => o.Adaptation.BreachWindow = v, "Tokens over which breaches are counted (paper: 100)."),
        Value("Adaptation:BreachLimit", Whole.AtLeast(1), o => o.Adaptation.BreachLimit, (o, v) => o.Adaptation.BreachLimit = v, "Breaches within the window above which the guard acts (paper: 50)."),
        Value("Adaptation:BreachMargin", Number.Between(0, 1), o => o.Adaptation.BreachMargin, (o, v) => o.Adaptation.BreachMargin = v, "How far below the limit a point's breach rate must be, so that unchanged traffic rarely trips the guard."),
        Live("Adaptation:MaxQualityGap", OrNone(Number.AtLeast(0, " bits per byte")), o => o.Adaptation.MaxQualityGap, (o, v) => o.Adaptation.MaxQualityGap = v, "Maximum quality gap of a point, in bits per byte above the best candidate at full depth.", "removes the floor"),
        Live("Adaptation:MinAgreement", OrNone(Number.Between(0, 1)), o => o.Adaptation.MinAgreement, (o, v) => o.Adaptation.MinAgreement = v, "Minimum agreement with the same model's full depth.", "sets no limit"),
        Value("Adaptation:MaxGapUncertainty", Number.Above(0, " bits per byte"), o => o.Adaptation.MaxGapUncertainty, (o, v) => o.Adaptation.MaxGapUncertainty = v, "Maximum half-width of the interval of a quality gap for which another point may be chosen before the window of evidence is full."),
        List(Certificates, "a list of files", o => o.Adaptation.Certificates, "Certificate files of models of the pool, written by helios certify --out."),
        Value("Adaptation:RequireCertificate", Flag, o => o.Adaptation.RequireCertificate, (o, v) => o.Adaptation.RequireCertificate = v, "Whether only points with a certificate may serve."),
        Live("Adaptation:MaxPointBytes", OrNone(Bytes), o => o.Adaptation.MaxPointBytes, (o, v) => o.Adaptation.MaxPointBytes = v, "Maximum bytes for weights, workspace and the KV of one sequence of usual length.", "applies only the memory budget"),
        Live("Adaptation:MaxJoulesPerToken", OrNone(Number.Above(0)), o => o.Adaptation.MaxJoulesPerToken, (o, v) => o.Adaptation.MaxJoulesPerToken = v, "Maximum joules per token.", "sets no limit"),
        Live("Adaptation:MaxTtft", OrNone(Time.Above(TimeSpan.Zero)), o => o.Adaptation.MaxTtft, (o, v) => o.Adaptation.MaxTtft = v, "Maximum 95th percentile of the time to first token at present demand.", "sets no limit"),
        Value("Adaptation:ReassessEveryRequests", Whole.AtLeast(1), o => o.Adaptation.ReassessEveryRequests, (o, v) => o.Adaptation.ReassessEveryRequests = v, "Requests between two reassessments (paper: 150)."),
        Value("Adaptation:ReassessEvery", OrNone(Time.Above(TimeSpan.Zero)), o => o.Adaptation.ReassessEvery, (o, v) => o.Adaptation.ReassessEvery = v, "Time after which a reassessment starts even with fewer requests.", "counts only requests"),
        Value("Adaptation:ShadowScoringRate", Number.Between(0, 1), o => o.Adaptation.ShadowScoringRate, (o, v) => o.Adaptation.ShadowScoringRate = v, "Share of finished requests scored again at full depth while serving."),
        Value("Adaptation:MinShadowScoringRate", Number.Between(0, 1), o => o.Adaptation.MinShadowScoringRate, (o, v) => o.Adaptation.MinShadowScoringRate = v, "Share of finished requests that the active point scores again in the long run, even if the device is saturated."),
        Value("Adaptation:MaxScoringShare", Number.Above(0, 1), o => o.Adaptation.MaxScoringShare, (o, v) => o.Adaptation.MaxScoringShare = v, "Maximum share of the device's time for evaluation probes and shadow scoring."),
        Value("Adaptation:MaxLoadShare", Number.Above(0, 1), o => o.Adaptation.MaxLoadShare, (o, v) => o.Adaptation.MaxLoadShare = v, "Maximum share of the machine's processors for reading and packing weights while requests run."),
        Value("Adaptation:MinimumGain", Number.AtLeast(0), o => o.Adaptation.MinimumGain, (o, v) => o.Adaptation.MinimumGain = v, "Minimum predicted gain of a change from a feasible point, relative (0.03 = 3 %)."),
        Value("Adaptation:ChangeHorizon", Time.Above(TimeSpan.Zero), o => o.Adaptation.ChangeHorizon, (o, v) => o.Adaptation.ChangeHorizon = v, "Time within which a change must pay for its load."),
        Value("Adaptation:MinimumResidence", Time.AtLeast(TimeSpan.Zero), o => o.Adaptation.MinimumResidence, (o, v) => o.Adaptation.MinimumResidence = v, "Minimum time at a point before a change for a gain."),
        Value("Adaptation:MinimumResidenceRequests", Whole.AtLeast(0), o => o.Adaptation.MinimumResidenceRequests, (o, v) => o.Adaptation.MinimumResidenceRequests = v, "Minimum requests at a point before a reassessment may leave it."),

        Value("Telemetry:CaptureContent", Flag, o => o.Telemetry.CaptureContent, (o, v) => o.Telemetry.CaptureContent = v, "Adds prompts, answers and stop strings to the activities of requests."),
    ];

    public static OptionEntry<HeliosOptions> Find(string path) => All.First(entry => entry.Path == path);

    private static ValueEntry<HeliosOptions, T> Value<T>(string path, ValueFormat<T> format, Func<HeliosOptions, T> get, Action<HeliosOptions, T> set, string doc, string? none = null) =>
        new(path, format, get, set, doc) { None = none };

    /// <summary>One that takes effect while the engine runs.</summary>
    private static ValueEntry<HeliosOptions, T> Live<T>(string path, ValueFormat<T> format, Func<HeliosOptions, T> get, Action<HeliosOptions, T> set, string doc, string? none = null) =>
        new(path, format, get, set, doc) { None = none, Reloads = true };

    private static ListEntry<HeliosOptions> List(string path, string written, Func<HeliosOptions, IEnumerable<string>> entries, string doc) => new(path, written, entries, doc);

    private static IOrderedEnumerable<KeyValuePair<string, T>> Sorted<T>(IDictionary<string, T> table) => table.OrderBy(entry => entry.Key, StringComparer.Ordinal);
}
