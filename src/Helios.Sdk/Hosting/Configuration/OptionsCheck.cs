using System.Globalization;
using Helios.Sdk.Adaptation.Objectives;
using Helios.Sdk.Adaptation.Repository;
using Helios.Sdk.ExitPolicies;
using Helios.Sdk.Hosting.Strategies;
using Helios.Sdk.Naming;
using Helios.Sdk.Quantities;
using Helios.Sdk.Serving.Scheduling;
using Helios.Sdk.Tokenization.ChatTemplates;

namespace Helios.Sdk.Hosting.Configuration;

/// <summary>Checks options at the door; every message names the option, what was found and what is expected.</summary>
internal static class OptionsCheck
{
    private const int MostRows = 65_536;
    private const int MostBlockTokens = 4096;

    /// <exception cref="ArgumentException">Lists everything that is wrong.</exception>
    public static void Throw(HeliosOptions options, EngineStrategies strategies, TimeProvider time)
    {
        var wrong = Find(options, strategies, time);
        if (wrong.Count > 0) throw WrongOption.Error(string.Join(Environment.NewLine, wrong));
    }

    /// <summary>Everything that is wrong.</summary>
    public static IReadOnlyList<string> Find(HeliosOptions options, EngineStrategies strategies, TimeProvider time)
    {
        var wrong = Find(options).ToList();
        Try(options.Backend ?? "", _ => wrong.AddRange(Backends.FindWrongSettings(options, strategies.Backends)), "Backend", wrong);
        Try(options.Serving.ExitPolicy, name => ExitPolicyParser.Parse(name, strategies.ExitPolicies), "Serving.ExitPolicy", wrong);
        Try(options.Serving.Order, name => RequestOrders.Find(name, time, strategies.RequestOrders), "Serving.Order", wrong);
        Try(options.Adaptation.Objective, name => ObjectiveParser.Parse(name, strategies.Objectives), "Adaptation.Objective", wrong);
        Try(options.Adaptation.DepthRule, name => DepthRule.Parse(name), "Adaptation.DepthRule", wrong);
        return wrong;
    }

    /// <summary>Checks depths that the options ask for against the model that is to run at them.</summary>
    /// <exception cref="ArgumentException">The model has no such depth or exit.</exception>
    public static void CheckDepths(HeliosOptions options, CheckpointInfo model)
    {
        var layers = model.Architecture.Layers;
        if (options.Adaptation is { Enabled: false, FixedDepth: { } depth } && depth > layers)
            throw WrongOption.Error(Invariant($"Adaptation.FixedDepth is {depth}; '{model.Name}' has {layers} layers."));
        if (options.Serving.DraftDepth is not { } draft) return;

        var exits = model.Exits.Select(exit => exit.Depth).Where(exit => exit < layers).ToList();
        if (!exits.Contains(draft))
            throw WrongOption.Error(Invariant($"Serving.DraftDepth is {draft}; '{model.Name}' can draft at {(exits.Count == 0 ? "none: it has no exit below its full depth" : $"its exits {string.Join(", ", exits)}")}."));
        if (options.Adaptation.FixedDepth is { } loaded && loaded < layers)
            throw WrongOption.Error(Invariant($"Serving.DraftDepth needs the full depth of '{model.Name}', {layers} layers; Adaptation.FixedDepth is {loaded}."));
    }

    /// <summary>Limits of the adaptation loop alone, which may change while it runs.</summary>
    public static IEnumerable<string> Find(ServiceLimits limits) => new[]
    {
        Between("Adaptation.ConfidenceTarget", limits.ConfidenceTarget, 0, 1),
        limits.MaxQualityGap is not { } gap || gap >= 0 ? null : Invariant($"Adaptation.MaxQualityGap is {gap}; expected at least 0 bits per byte, or null."),
        Between("Adaptation.MinAgreement", limits.MinAgreement ?? 0, 0, 1),
        Bytes("Adaptation.MaxPointBytes", limits.MaxPointBytes),
        limits.MaxJoulesPerToken is not { } joules || joules > 0 ? null : Invariant($"Adaptation.MaxJoulesPerToken is {joules}; expected above 0, or null."),
        limits.MaxTtft is not { } ttft || ttft > TimeSpan.Zero ? null : $"Adaptation.MaxTtft is {ttft}; expected above 0, or null.",
    }.OfType<string>();

    private static IEnumerable<string> Find(HeliosOptions options)
    {
        if (options.Models.Count == 0) yield return "Models is empty; expected a model at least: AddModel(path), or in configuration a list such as [ \"models/tiny-s\" ].";
        foreach (var source in options.Models)
        {
            if (string.IsNullOrWhiteSpace(source.Name)) yield return $"Models: the model at '{source.Path}' has no name.";
            if (string.IsNullOrWhiteSpace(source.Path)) yield return $"Models: '{source.Name}' has no path.";
            if (TroubleIn(source) is { } trouble) yield return $"Models: {trouble}";
        }

        foreach (var twice in options.Models.GroupBy(source => source.Name, StringComparer.OrdinalIgnoreCase).Where(group => group.Count() > 1))
            yield return $"Models: the name '{twice.Key}' is there {twice.Count()} times; names are unique, and have no case.";

        foreach (var message in FindInTenants(options.Serving)) yield return message;
        foreach (var message in Find(ServiceLimits.Of(options.Adaptation))) yield return message;

        var serving = options.Serving;
        var adaptation = options.Adaptation;
        if (adaptation is { Enabled: true, FixedDepth: { } depth })
            yield return Invariant($"Adaptation.FixedDepth is {depth} and Adaptation.Enabled is on; expected Adaptation.Enabled off: at a fixed depth nothing adapts.");
        if (serving.DraftDepth is not null)
        {
            if (adaptation.Enabled) yield return "Serving.DraftDepth needs Adaptation.Enabled off: drafts are verified by the full depth of one model.";
            if (!Names.Same(serving.ExitPolicy ?? "", "none")) yield return $"Serving.DraftDepth needs Serving.ExitPolicy none, not {serving.ExitPolicy}: drafts are verified at the full depth.";
        }

        foreach (var message in new[]
        {
            Enum.IsDefined(options.Precision) ? null : $"Precision is {options.Precision}; expected {string.Join(", ", Enum.GetNames<Precision>())}.",
            Bytes("MemoryBudgetBytes", options.MemoryBudgetBytes),
            AtLeast("Serving.MaxBatchSize", serving.MaxBatchSize, 1),
            AtLeast("Serving.MaxRowsPerStep", serving.MaxRowsPerStep, serving.MaxBatchSize, " (Serving.MaxBatchSize)"),
            AtLeast("Serving.MaxQueueLength", serving.MaxQueueLength, 1),
            serving.MaxRowsPerStep <= MostRows ? null : Invariant($"Serving.MaxRowsPerStep is {serving.MaxRowsPerStep}; expected at most {MostRows}."),
            serving.KvBlockTokens is >= 16 and <= MostBlockTokens && serving.KvBlockTokens % 16 == 0 ? null : Invariant($"Serving.KvBlockTokens is {serving.KvBlockTokens}; expected a multiple of 16 from 16 to {MostBlockTokens}."),
            Bytes("Serving.KvSlabBytes", serving.KvSlabBytes),
            Between("Serving.DefaultCacheShare", serving.DefaultCacheShare, 0, 1),
            serving.DrainTimeout >= TimeSpan.Zero && serving.DrainTimeout <= TimeSpan.FromDays(1) ? null : $"Serving.DrainTimeout is {serving.DrainTimeout}; expected 0 to 1 day.",
            serving.MaxQueueTime is not { } wait || wait > TimeSpan.Zero ? null : $"Serving.MaxQueueTime is {wait}; expected above 0, or null.",
            serving.PriorityAging > TimeSpan.Zero && serving.PriorityAging <= TimeSpan.FromDays(1) ? null : $"Serving.PriorityAging is {serving.PriorityAging}; expected above 0, at most 1 day.",
            serving.MaxDecodeStretch > 1 ? null : Invariant($"Serving.MaxDecodeStretch is {serving.MaxDecodeStretch}; expected above 1."),
            serving.UnpacedStepTime >= TimeSpan.Zero && serving.UnpacedStepTime <= TimeSpan.FromSeconds(1) ? null : $"Serving.UnpacedStepTime is {serving.UnpacedStepTime}; expected 0 to 1 second.",
            Between("Serving.KvWatermark", serving.KvWatermark, 0, 0.5),
            AtLeast("Adaptation.FixedDepth", adaptation.FixedDepth ?? 1, 1),
            AtLeast("Adaptation.Candidates", adaptation.Candidates, 1),
            AtLeast("Adaptation.RequestsPerCandidate", adaptation.RequestsPerCandidate, 1),
            adaptation.ProfileStore is null || TroubleAt(adaptation.ProfileStore) is not { } trouble ? null : $"Adaptation.ProfileStore is '{adaptation.ProfileStore}', {trouble}; expected a file in a folder that exists, or null.",
            adaptation.ProfileMaxAge > TimeSpan.Zero ? null : $"Adaptation.ProfileMaxAge is {adaptation.ProfileMaxAge}; expected above 0.",
            adaptation.EvaluationTimeLimit > TimeSpan.Zero && adaptation.EvaluationTimeLimit <= TimeSpan.FromDays(1) ? null : $"Adaptation.EvaluationTimeLimit is {adaptation.EvaluationTimeLimit}; expected above 0, at most 1 day.",
            AtLeast("Adaptation.BreachWindow", adaptation.BreachWindow, 2),
            adaptation.BreachLimit >= 1 && adaptation.BreachLimit < adaptation.BreachWindow ? null : Invariant($"Adaptation.BreachLimit is {adaptation.BreachLimit}; expected 1 to {adaptation.BreachWindow - 1} (below Adaptation.BreachWindow)."),
            Between("Adaptation.BreachMargin", adaptation.BreachMargin, 0, 1),
            AtLeast("Adaptation.ReassessEveryRequests", adaptation.ReassessEveryRequests, 1),
            Between("Adaptation.ShadowScoringRate", adaptation.ShadowScoringRate, 0, 1),
            Between("Adaptation.MinShadowScoringRate", adaptation.MinShadowScoringRate, 0, 1),
            adaptation.MaxGapUncertainty > 0 ? null : Invariant($"Adaptation.MaxGapUncertainty is {adaptation.MaxGapUncertainty}; expected above 0 bits per byte."),
            adaptation.MaxScoringShare > 0 && adaptation.MaxScoringShare <= 1 ? null : Invariant($"Adaptation.MaxScoringShare is {adaptation.MaxScoringShare}; expected above 0 and at most 1."),
            adaptation.MaxLoadShare > 0 && adaptation.MaxLoadShare <= 1 ? null : Invariant($"Adaptation.MaxLoadShare is {adaptation.MaxLoadShare}; expected above 0 and at most 1."),
            adaptation.MinimumGain >= 0 ? null : Invariant($"Adaptation.MinimumGain is {adaptation.MinimumGain}; expected at least 0."),
            adaptation.ReassessEvery is not { } every || every > TimeSpan.Zero ? null : $"Adaptation.ReassessEvery is {every}; expected a time above 0, or null.",
            adaptation.ChangeHorizon > TimeSpan.Zero ? null : $"Adaptation.ChangeHorizon is {adaptation.ChangeHorizon}; expected a time above 0.",
            adaptation.MinimumResidence >= TimeSpan.Zero ? null : $"Adaptation.MinimumResidence is {adaptation.MinimumResidence}; expected a time of 0 or more.",
            AtLeast("Adaptation.MinimumResidenceRequests", adaptation.MinimumResidenceRequests, 0),
        })
        {
            if (message is not null) yield return message;
        }
    }

    /// <summary>Why a file cannot be kept at a path; null when nothing speaks against it.</summary>
    private static string? TroubleAt(string path)
    {
        if (string.IsNullOrWhiteSpace(path) || path.Contains('\0', StringComparison.Ordinal)) return "which is no path";
        var full = Path.GetFullPath(path);
        if (Directory.Exists(full) || Path.EndsInDirectorySeparator(full)) return "which is a folder";
        var folder = Path.GetDirectoryName(full)!;
        if (File.Exists(folder)) return $"and '{folder}' is a file";
        return Directory.Exists(folder) ? RepositoryFile.Format.WhyOther(full) is { } other ? $"which {other}" : null : $"and there is no folder '{folder}'";
    }

    private static string? TroubleIn(ModelSource source)
    {
        if (source.ChatTemplate is not { } template) return null;
        try
        {
            ChatTemplate.Parse(template, ChatFormat.PlaceOfOwn(source.Name));
            return null;
        }
        catch (ChatTemplateException e)
        {
            return e.Message;
        }
    }

    private static IEnumerable<string> FindInTenants(ServingOptions serving)
    {
        foreach (var (name, tenant) in serving.Tenants)
        {
            if (name.Length == 0) yield return "Serving.Tenants: a tenant has no name.";
            if (tenant is null)
            {
                yield return $"Serving.Tenants[{name}] is null.";
                continue;
            }

            if (Between($"Serving.Tenants[{name}].Weight", tenant.Weight, 0.001, 1000) is { } wrongWeight) yield return wrongWeight;
            if (tenant.CacheGroup is "") yield return $"Serving.Tenants[{name}].CacheGroup is empty; leave it null to share with nobody.";
            if (Between($"Serving.Tenants[{name}].CacheShare", tenant.CacheShare ?? 0, 0, 1) is { } message) yield return message;
        }

        foreach (var group in serving.Tenants.Values.OfType<TenantOptions>().Where(tenant => tenant.CacheGroup is not null).GroupBy(tenant => tenant.CacheGroup, StringComparer.Ordinal))
        {
            var shares = group.Select(tenant => tenant.CacheShare).OfType<double>().Distinct().ToList();
            if (shares.Count > 1) yield return $"Serving.Tenants: those of CacheGroup '{group.Key}' name the CacheShares {string.Join(", ", shares.Select(share => share.ToString(CultureInfo.InvariantCulture)))}; a group has one.";
        }
    }

    private static string? AtLeast(string option, long found, long least, string note = "") =>
        found >= least ? null : Invariant($"{option} is {found}; expected at least {least}{note}.");

    /// <summary>What an app computes of ints overflows before anybody can check it.</summary>
    private static string? Bytes(string option, long? found) =>
        found is not { } bytes || bytes >= 1 ? null : Invariant($"{option} is {bytes}; expected at least 1. {ByteSize.Overflow}");

    // Written so that NaN is refused.
    private static string? Between(string option, double found, double least, double most) =>
        found >= least && found <= most ? null : Invariant($"{option} is {found}; expected {least} to {most}.");

    private static void Try(string? name, Action<string> parse, string option, List<string> wrong)
    {
        try
        {
            if (name is null) wrong.Add($"{option} is null; expected a name.");
            else parse(name);
        }
        catch (Exception error) when (error is ArgumentException or NotSupportedException)
        {
            wrong.Add($"{option}: {WrongOption.Words(error)}");
        }
    }
}
