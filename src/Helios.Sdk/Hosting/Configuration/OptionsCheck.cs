using Helios.Sdk.Adaptation.Objectives;
using Helios.Sdk.Adaptation.Repository;
using Helios.Sdk.ExitPolicies;
using Helios.Sdk.Hosting.Strategies;
using Helios.Sdk.Models;
using Helios.Sdk.Naming;
using Helios.Sdk.Serving.Scheduling;
using Helios.Sdk.Tokenization.ChatTemplates;

namespace Helios.Sdk.Hosting.Configuration;

/// <summary>Checks options before use: ranges by the table, names by their parsers, and here what options ask of each other.</summary>
internal static class OptionsCheck
{
    /// <exception cref="InvalidOptionException">Lists everything that is wrong.</exception>
    public static void Throw(HeliosOptions options, EngineStrategies strategies, TimeProvider time) => Throw([.. Find(options, strategies, time)]);

    /// <summary>Checks limits of the adaptation loop, which may change while it runs.</summary>
    /// <exception cref="InvalidOptionException">Lists everything that is wrong.</exception>
    public static void Throw(ServiceLimits limits)
    {
        var options = new HeliosOptions();
        var adaptation = options.Adaptation;
        (adaptation.ConfidenceTarget, adaptation.MaxQualityGap, adaptation.MinAgreement) = (limits.ConfidenceTarget, limits.MaxQualityGap, limits.MinAgreement);
        (adaptation.MaxPointBytes, adaptation.MaxJoulesPerToken, adaptation.MaxTtft) = (limits.MaxPointBytes, limits.MaxJoulesPerToken, limits.MaxTtft);
        Throw([.. FindOutOfRange(options)]);
    }

    /// <summary>Everything that is wrong.</summary>
    public static IEnumerable<OptionFault> Find(HeliosOptions options, EngineStrategies strategies, TimeProvider time) =>
    [
        .. FindInModels(options.Models),
        .. FindInTenants(options.Serving.Tenants),
        .. FindOutOfRange(options),
        .. FindBeyondRanges(options.Serving, options.Adaptation),
        .. Try("Backend", options.Backend ?? "", _ => BackendFinder.CheckSettings(options, strategies.Backends)),
        .. Try("Serving:ExitPolicy", options.Serving.ExitPolicy, name => ExitPolicyParser.Parse(name, strategies.ExitPolicies)),
        .. Try("Serving:Order", options.Serving.Order, name => RequestOrders.Find(name, time, strategies.RequestOrders)),
        .. Try("Adaptation:Objective", options.Adaptation.Objective, name => ObjectiveParser.Parse(name, strategies.Objectives)),
        .. Try("Adaptation:DepthRule", options.Adaptation.DepthRule, name => DepthRule.Parse(name)),
    ];

    /// <summary>Checks depths that the options ask for against the model that is to run at them.</summary>
    /// <exception cref="InvalidOptionException">The model has no such depth or exit.</exception>
    public static void CheckDepths(HeliosOptions options, CheckpointInfo model)
    {
        var layers = model.Architecture.Layers;
        if (options.Adaptation is { Enabled: false, FixedDepth: { } depth } && depth > layers)
            throw new InvalidOptionException(new OptionFault("Adaptation:FixedDepth", Invariant($"{depth}"), Invariant($"at most {layers}: '{model.Name}' has {layers} layers")));
        if (options.Serving.DraftDepth is not { } draft) return;

        var exits = model.Exits.Select(exit => exit.Depth).Where(exit => exit < layers).ToList();
        if (!exits.Contains(draft))
            throw Draft(exits.Count == 0 ? $"null: '{model.Name}' has no exit below its full depth" : $"an exit of '{model.Name}' below its full depth: {string.Join(", ", exits)}");
        if (options.Adaptation.FixedDepth is { } loaded && loaded < layers)
            throw Draft(Invariant($"the full depth of '{model.Name}', {layers} layers, to verify drafts"), new OptionValue("Adaptation:FixedDepth", Invariant($"{loaded}")));

        InvalidOptionException Draft(string expected, OptionValue? beside = null) =>
            new(new OptionFault("Serving:DraftDepth", Invariant($"{draft}"), expected) { Beside = beside });
    }

    private static void Throw(IReadOnlyList<OptionFault> faults)
    {
        if (faults.Count > 0) throw new InvalidOptionException(faults);
    }

    private static IEnumerable<OptionFault> FindOutOfRange(HeliosOptions options) => OptionTable.All.Select(entry => entry.Check(options)).OfType<OptionFault>();

    private static IEnumerable<OptionFault> FindInModels(IList<ModelSource> models)
    {
        if (models.Count == 0) yield return new(OptionTable.Models, "empty", "at least one model: AddModel(path), or in configuration a list such as [ \"models/tiny-s\" ]");
        for (var i = 0; i < models.Count; i++)
        {
            var source = models[i];
            if (string.IsNullOrWhiteSpace(source.Path)) yield return new(Member(i, nameof(source.Path)), "empty", "the folder of a model");
            else if (string.IsNullOrWhiteSpace(source.Name)) yield return new(Member(i, nameof(source.Name)), "empty", $"a name for the model at '{source.Path}'");
            if (TroubleIn(source) is { } trouble) yield return new(Member(i, nameof(source.ChatTemplate)), "unreadable", "a template in the supported subset of Jinja") { Note = trouble };
            if (models.Take(i).Index().FirstOrDefault(other => Names.Same(other.Item.Name, source.Name)) is (var first, { } twin))
                yield return new(Member(i, nameof(source.Name)), $"'{source.Name}'", "names that differ by more than case: set the Name of one of them") { Beside = new OptionValue(Member(first, nameof(source.Name)), $"'{twin.Name}'") };
        }

        static OptionPath Member(int index, string name) => new(OptionTable.Models, Invariant($"{index}"), name);
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

    private static IEnumerable<OptionFault> FindInTenants(IDictionary<string, TenantOptions> tenants)
    {
        var groups = new Dictionary<string, (string Tenant, double Share)>(StringComparer.Ordinal);
        foreach (var (name, tenant) in tenants)
        {
            if (name.Length == 0) yield return new(OptionTable.Tenants, "a table with an empty name", "the name of a tenant for each entry");
            if (tenant is null)
            {
                yield return new(new(OptionTable.Tenants, name), "null", nameof(TenantOptions));
                continue;
            }

            foreach (var fault in OptionTable.Tenant.Select(entry => entry.Check(tenant)).OfType<OptionFault>())
                yield return fault with { Path = new(OptionTable.Tenants, name, fault.Path.Option) };
            if (tenant.CacheGroup is "") yield return new(new(OptionTable.Tenants, name, nameof(tenant.CacheGroup)), "empty", "a name, or null to share with no other tenant");
            if (tenant is not { CacheGroup: { } group, CacheShare: { } share }) continue;
            if (groups.TryAdd(group, (name, share)) || groups[group] is var first && first.Share == share) continue;
            yield return new(Share(name), Invariant($"{share}"), $"the same for all of CacheGroup '{group}'") { Beside = new OptionValue(Share(first.Tenant), Invariant($"{first.Share}")) };
        }

        static OptionPath Share(string tenant) => new(OptionTable.Tenants, tenant, nameof(TenantOptions.CacheShare));
    }

    private static IEnumerable<OptionFault> FindBeyondRanges(ServingOptions serving, AdaptationOptions adaptation)
    {
        var enabled = new OptionValue("Adaptation:Enabled", "true");
        if (adaptation is { Enabled: true, FixedDepth: { } depth })
            yield return new("Adaptation:FixedDepth", Invariant($"{depth}"), "adaptation off, or null: at a fixed depth nothing adapts") { Beside = enabled };
        if (serving.DraftDepth is { } draft && adaptation.Enabled)
            yield return new("Serving:DraftDepth", Invariant($"{draft}"), "adaptation off, or null: drafts are verified by the full depth of one model") { Beside = enabled };
        if (serving.DraftDepth is { } drafts && !Names.Same(serving.ExitPolicy ?? "", "none"))
            yield return new("Serving:DraftDepth", Invariant($"{drafts}"), "the exit policy none, or null: drafts are verified at the full depth") { Beside = new OptionValue("Serving:ExitPolicy", $"'{serving.ExitPolicy}'") };
        if (serving.MaxRowsPerStep < serving.MaxBatchSize)
            yield return new("Serving:MaxRowsPerStep", Invariant($"{serving.MaxRowsPerStep}"), Invariant($"at least {serving.MaxBatchSize}")) { Beside = new OptionValue("Serving:MaxBatchSize", Invariant($"{serving.MaxBatchSize}")) };
        if (adaptation.ProfileStore is { } path && TroubleAt(path) is { } trouble) yield return new("Adaptation:ProfileStore", $"'{path}', {trouble}", "a file in a folder that exists, or null");
        if (adaptation.BreachLimit >= adaptation.BreachWindow)
            yield return new("Adaptation:BreachLimit", Invariant($"{adaptation.BreachLimit}"), Invariant($"below {adaptation.BreachWindow}")) { Beside = new OptionValue("Adaptation:BreachWindow", Invariant($"{adaptation.BreachWindow}")) };
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

    /// <summary>What a parser says of a name; null is out of range, and reported as that.</summary>
    private static IReadOnlyList<OptionFault> Try(string option, string? name, Action<string> parse)
    {
        try
        {
            if (name is not null) parse(name);
            return [];
        }
        catch (InvalidOptionException error)
        {
            return error.Faults;
        }
        catch (Exception error) when (error is ArgumentException or NotSupportedException)
        {
            return [new(option, $"'{name}'", "what can be created") { Note = error.Message }];
        }
    }
}
