using Helios.Sdk.Naming;

namespace Helios.Sdk.Adaptation.Objectives;

/// <summary>Finds the objective that a text names, and puts it under the constraints that the options ask for.</summary>
internal static class ObjectiveParser
{
    private const string Option = $"{nameof(HeliosOptions.Adaptation)}:{nameof(AdaptationOptions.Objective)}";

    private static readonly BuiltIn[] Known =
    [
        new("throughput", [], [], (_, _) => new ThroughputObjective()),
        new("latency", [], [], (_, _) => new LatencyObjective()),
        new("ttft", [], [], (_, _) => new TtftObjective()),
        new("energy", [], [], (_, _) => new EnergyObjective()),
        new("memory", [], [], (_, _) => new MemoryObjective()),
        new("quality", [], ["bytes", "ttft", "tpot"], (name, limits) => Within(new QualityObjective(name), limits)),
        new("goodput", ["ttft", "tpot"], [], (name, limits) => new GoodputObjective(name, limits.Ttft!.Value, limits.Tpot!.Value)),
    ];

    /// <summary>Finds an objective. Names have no case.</summary>
    /// <param name="text">What configuration says, e.g. <c>throughput</c> or <c>goodput:ttft=500ms,tpot=50ms</c>.</param>
    /// <param name="own">The application's objectives; one whose name is the whole text goes before a built-in one.</param>
    /// <exception cref="InvalidOptionException">No such objective, or its limits are missing or wrong; the fault says what is known.</exception>
    public static ISloObjective Parse(string text, IEnumerable<Func<ISloObjective>>? own = null)
    {
        ArgumentNullException.ThrowIfNull(text);
        var owned = (own ?? []).Select(create => create()).ToList();
        var names = owned.Select(objective => objective.Name).Concat(Known.Select(objective => objective.Name)).ToList();
        Names.RefuseTwins(Option, names);
        if (owned.Find(objective => Names.Same(objective.Name, text)) is { } found) return found;

        var (name, limits) = text.IndexOf(':', StringComparison.Ordinal) is var colon and >= 0 ? (text[..colon], text[(colon + 1)..]) : (text, "");
        if (Array.Find(Known, objective => Names.Same(objective.Name, name)) is { } builtIn) return builtIn.Create(builtIn.Name + text[name.Length..], limits);
        var known = owned.Select(objective => objective.Name).Concat(Known.Select(objective => objective.Usage)).Distinct(StringComparer.Ordinal);
        throw Wrong(text, string.Join(", ", known), NearMiss.Question(name, names));
    }

    /// <summary>Puts an objective under the constraints of the options: budget, depth rule, quality, agreement, bytes, energy, time to first token.</summary>
    /// <param name="objective">What is to be best.</param>
    /// <param name="options">The adaptation loop's options.</param>
    /// <param name="limits">What a point must keep now.</param>
    /// <param name="maxBreachRate">Highest breach rate of a point chosen, 0..1; see <see cref="Selection.BreachCeilings"/>.</param>
    public static ISloObjective Constrain(ISloObjective objective, AdaptationOptions options, ServiceLimits limits, Func<PointProfile, double> maxBreachRate)
    {
        objective = WithFloors(DepthRule.Parse(options.DepthRule).Apply(new FitsBudget(objective), maxBreachRate), EvidenceNeed.Of(options), limits);
        if (options.RequireCertificate) objective = new CertifiedOnly(objective);
        if (limits.MaxJoulesPerToken is { } joules) objective = new JoulesCeiling(objective, joules);
        return Within(objective, new ObjectiveLimits(limits.MaxTtft, Tpot: null, limits.MaxPointBytes));
    }

    /// <summary>The same with the limits that the options begin with.</summary>
    public static ISloObjective Constrain(ISloObjective objective, AdaptationOptions options, Func<PointProfile, double> maxBreachRate) =>
        Constrain(objective, options, ServiceLimits.Of(options), maxBreachRate);

    /// <summary>Puts an objective above the floors of quality and agreement.</summary>
    public static ISloObjective WithFloors(ISloObjective objective, EvidenceNeed need, ServiceLimits limits)
    {
        if (limits.MaxQualityGap is { } gap) objective = new QualityFloor(objective, gap, need);
        if (limits.MinAgreement is { } agreement) objective = new AgreementFloor(objective, agreement, need);
        return objective;
    }

    /// <summary>The error of an objective that cannot be found as it is written.</summary>
    public static InvalidOptionException Wrong(string text, string expected, string? note = null) => new(new OptionFault(Option, $"'{text}'", expected) { Note = note });

    private static ISloObjective Within(ISloObjective objective, ObjectiveLimits limits)
    {
        if (limits.Bytes is { } bytes) objective = new BytesCeiling(objective, bytes);
        if (limits.Ttft is { } ttft) objective = new TtftCeiling(objective, ttft);
        if (limits.Tpot is { } tpot) objective = new TpotCeiling(objective, tpot);
        return objective;
    }

    private sealed record BuiltIn(string Name, string[] Required, string[] Optional, Func<string, ObjectiveLimits, ISloObjective> Make)
    {
        private readonly string[] all = [.. Required, .. Optional];

        /// <summary>How it is written, e.g. <c>goodput:ttft=..,tpot=..</c>.</summary>
        public string Usage { get; } = (Required, Optional) switch
        {
            ({ Length: > 0 }, _) => $"{Name}:{Pairs(Required)}",
            (_, { Length: > 0 }) => $"{Name}[:{Pairs(Optional)}]",
            _ => Name,
        };

        public ISloObjective Create(string text, string pairs)
        {
            var limits = ObjectiveLimits.Parse(text, pairs, all);
            return Array.Find(Required, name => !limits.Has(name)) is { } lacking
                ? throw Wrong(text, $"{lacking} too: {Usage}")
                : Make(text, limits);
        }

        private static string Pairs(string[] names) => string.Join(',', names.Select(name => $"{name}=.."));
    }
}
