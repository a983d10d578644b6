using static Helios.Sdk.Hosting.Configuration.ValueFormats;

namespace Helios.Sdk.Hosting.Configuration;

/// <summary>Every option that is a single value. Lists and tables (models, tenants, ...) are the binder's.</summary>
internal static class OptionKeys
{
    /// <summary>All of them, in the order of the options.</summary>
    /// <param name="folder">Where relative paths start.</param>
    public static IReadOnlyList<OptionKey> For(string folder) =>
    [
        Key("Precision", ValueFormats.Precision, o => o.Precision, (o, v) => o.Precision = v),
        Live("MemoryBudgetBytes", OrNone(Bytes), o => o.MemoryBudgetBytes, (o, v) => o.MemoryBudgetBytes = v),
        Key("Backend", OrNull(Text), o => o.Backend, (o, v) => o.Backend = v),

        Key("Serving:MaxBatchSize", Whole, o => o.Serving.MaxBatchSize, (o, v) => o.Serving.MaxBatchSize = v),
        Key("Serving:MaxRowsPerStep", Whole, o => o.Serving.MaxRowsPerStep, (o, v) => o.Serving.MaxRowsPerStep = v),
        Key("Serving:MaxQueueLength", Whole, o => o.Serving.MaxQueueLength, (o, v) => o.Serving.MaxQueueLength = v),
        Key("Serving:MaxQueueTime", OrNone(Time), o => o.Serving.MaxQueueTime, (o, v) => o.Serving.MaxQueueTime = v),
        Key("Serving:Order", Text, o => o.Serving.Order, (o, v) => o.Serving.Order = v),
        Key("Serving:PriorityAging", Time, o => o.Serving.PriorityAging, (o, v) => o.Serving.PriorityAging = v),
        Key("Serving:MaxDecodeStretch", Number, o => o.Serving.MaxDecodeStretch, (o, v) => o.Serving.MaxDecodeStretch = v),
        Key("Serving:UnpacedStepTime", Time, o => o.Serving.UnpacedStepTime, (o, v) => o.Serving.UnpacedStepTime = v),
        Key("Serving:KvWatermark", Number, o => o.Serving.KvWatermark, (o, v) => o.Serving.KvWatermark = v),
        Key("Serving:KvBlockTokens", Whole, o => o.Serving.KvBlockTokens, (o, v) => o.Serving.KvBlockTokens = v),
        Key("Serving:KvSlabBytes", OrNone(Bytes), o => o.Serving.KvSlabBytes, (o, v) => o.Serving.KvSlabBytes = v),
        Key("Serving:PrefixCache", Flag, o => o.Serving.PrefixCache, (o, v) => o.Serving.PrefixCache = v),
        Key("Serving:DefaultCacheShare", Number, o => o.Serving.DefaultCacheShare, (o, v) => o.Serving.DefaultCacheShare = v),
        Key("Serving:ExitPolicy", Text, o => o.Serving.ExitPolicy, (o, v) => o.Serving.ExitPolicy = v),
        Key("Serving:DraftDepth", OrNone(Whole), o => o.Serving.DraftDepth, (o, v) => o.Serving.DraftDepth = v),
        Key("Serving:DrainTimeout", Time, o => o.Serving.DrainTimeout, (o, v) => o.Serving.DrainTimeout = v),

        Key("Adaptation:Enabled", Flag, o => o.Adaptation.Enabled, (o, v) => o.Adaptation.Enabled = v),
        Key("Adaptation:FixedDepth", OrNone(Whole), o => o.Adaptation.FixedDepth, (o, v) => o.Adaptation.FixedDepth = v),
        Live("Adaptation:Objective", Text, o => o.Adaptation.Objective, (o, v) => o.Adaptation.Objective = v),
        Key("Adaptation:ModelRepository", OrNull(File(folder)), o => o.Adaptation.ModelRepository, (o, v) => o.Adaptation.ModelRepository = v),
        Key("Adaptation:ProfileStore", OrNull(File(folder)), o => o.Adaptation.ProfileStore, (o, v) => o.Adaptation.ProfileStore = v),
        Key("Adaptation:ProfileMaxAge", Time, o => o.Adaptation.ProfileMaxAge, (o, v) => o.Adaptation.ProfileMaxAge = v),
        Key("Adaptation:Candidates", Whole, o => o.Adaptation.Candidates, (o, v) => o.Adaptation.Candidates = v),
        Key("Adaptation:RequestsPerCandidate", Whole, o => o.Adaptation.RequestsPerCandidate, (o, v) => o.Adaptation.RequestsPerCandidate = v),
        Key("Adaptation:EvaluationTimeLimit", Time, o => o.Adaptation.EvaluationTimeLimit, (o, v) => o.Adaptation.EvaluationTimeLimit = v),
        Key("Adaptation:LoadPartially", Flag, o => o.Adaptation.LoadPartially, (o, v) => o.Adaptation.LoadPartially = v),
        Key("Adaptation:DepthRule", Text, o => o.Adaptation.DepthRule, (o, v) => o.Adaptation.DepthRule = v),
        Live("Adaptation:ConfidenceTarget", Number, o => o.Adaptation.ConfidenceTarget, (o, v) => o.Adaptation.ConfidenceTarget = v),
        Key("Adaptation:BreachWindow", Whole, o => o.Adaptation.BreachWindow, (o, v) => o.Adaptation.BreachWindow = v),
        Key("Adaptation:BreachLimit", Whole, o => o.Adaptation.BreachLimit, (o, v) => o.Adaptation.BreachLimit = v),
        Key("Adaptation:BreachMargin", Number, o => o.Adaptation.BreachMargin, (o, v) => o.Adaptation.BreachMargin = v),
        Live("Adaptation:MaxQualityGap", OrNone(Number), o => o.Adaptation.MaxQualityGap, (o, v) => o.Adaptation.MaxQualityGap = v),
        Live("Adaptation:MinAgreement", OrNone(Number), o => o.Adaptation.MinAgreement, (o, v) => o.Adaptation.MinAgreement = v),
        Key("Adaptation:MaxGapUncertainty", Number, o => o.Adaptation.MaxGapUncertainty, (o, v) => o.Adaptation.MaxGapUncertainty = v),
        Key("Adaptation:RequireCertificate", Flag, o => o.Adaptation.RequireCertificate, (o, v) => o.Adaptation.RequireCertificate = v),
        Live("Adaptation:MaxPointBytes", OrNone(Bytes), o => o.Adaptation.MaxPointBytes, (o, v) => o.Adaptation.MaxPointBytes = v),
        Live("Adaptation:MaxJoulesPerToken", OrNone(Number), o => o.Adaptation.MaxJoulesPerToken, (o, v) => o.Adaptation.MaxJoulesPerToken = v),
        Live("Adaptation:MaxTtft", OrNone(Time), o => o.Adaptation.MaxTtft, (o, v) => o.Adaptation.MaxTtft = v),
        Key("Adaptation:ReassessEveryRequests", Whole, o => o.Adaptation.ReassessEveryRequests, (o, v) => o.Adaptation.ReassessEveryRequests = v),
        Key("Adaptation:ReassessEvery", OrNone(Time), o => o.Adaptation.ReassessEvery, (o, v) => o.Adaptation.ReassessEvery = v),
        Key("Adaptation:ShadowScoringRate", Number, o => o.Adaptation.ShadowScoringRate, (o, v) => o.Adaptation.ShadowScoringRate = v),
        Key("Adaptation:MinShadowScoringRate", Number, o => o.Adaptation.MinShadowScoringRate, (o, v) => o.Adaptation.MinShadowScoringRate = v),
        Key("Adaptation:MaxScoringShare", Number, o => o.Adaptation.MaxScoringShare, (o, v) => o.Adaptation.MaxScoringShare = v),
        Key("Adaptation:MaxLoadShare", Number, o => o.Adaptation.MaxLoadShare, (o, v) => o.Adaptation.MaxLoadShare = v),
        Key("Adaptation:MinimumGain", Number, o => o.Adaptation.MinimumGain, (o, v) => o.Adaptation.MinimumGain = v),
        Key("Adaptation:ChangeHorizon", Time, o => o.Adaptation.ChangeHorizon, (o, v) => o.Adaptation.ChangeHorizon = v),
        Key("Adaptation:MinimumResidence", Time, o => o.Adaptation.MinimumResidence, (o, v) => o.Adaptation.MinimumResidence = v),
        Key("Adaptation:MinimumResidenceRequests", Whole, o => o.Adaptation.MinimumResidenceRequests, (o, v) => o.Adaptation.MinimumResidenceRequests = v),

        Key("Telemetry:CaptureContent", Flag, o => o.Telemetry.CaptureContent, (o, v) => o.Telemetry.CaptureContent = v),
    ];

    private static OptionKey<T> Key<T>(string path, ValueFormat<T> format, Func<HeliosOptions, T> get, Action<HeliosOptions, T> set) => new(path, format, get, set);

    /// <summary>One that takes effect while the engine runs.</summary>
    private static OptionKey<T> Live<T>(string path, ValueFormat<T> format, Func<HeliosOptions, T> get, Action<HeliosOptions, T> set) =>
        new(path, format, get, set) { ChangesWhileServing = true };
}
