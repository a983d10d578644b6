namespace Helios.Sdk.Adaptation.Objectives;

/// <summary>Finds the objective that a text names, and puts it under the constraints that the options ask for.</summary>
internal static class ObjectiveParser
{
    private static readonly Func<ISloObjective>[] BuiltIn =
        [() => new ThroughputObjective(), () => new LatencyObjective(), () => new MemoryObjective()];

    private static readonly string[] Later = ["ttft", "energy", "quality", "goodput"];

    /// <summary>Finds an objective.</summary>
    /// <param name="text">What configuration says, e.g. <c>throughput</c>.</param>
    /// <param name="own">The application's objectives; one of that name goes before a built-in one.</param>
    /// <exception cref="ArgumentException">No such objective; the message says what is known.</exception>
    /// <exception cref="NotSupportedException">A name that is planned, but not available yet.</exception>
    public static ISloObjective Parse(string text, IEnumerable<Func<ISloObjective>>? own = null)
    {
        ArgumentNullException.ThrowIfNull(text);
        var objectives = (own ?? []).Concat(BuiltIn).Select(create => create()).ToList();
        if (objectives.Find(objective => objective.Name == text) is { } found) return found;

        var known = string.Join(", ", objectives.Select(objective => objective.Name).Distinct(StringComparer.Ordinal));
        var name = text.Split(':', 2)[0];
        if (Later.Contains(name, StringComparer.Ordinal))
            throw new NotSupportedException($"Objective '{name}' is not available yet. Known are: {known}.");
        throw new ArgumentException($"There is no objective '{text}'. Known are: {known}.", nameof(text));
    }

    /// <summary>Puts an objective under the constraints of the options: budget, quality, agreement and breach rate.</summary>
    /// <param name="objective">What is to be best.</param>
    /// <param name="options">The adaptation loop's options.</param>
    /// <param name="maxBreachRate">Highest breach rate chosen, 0..1; see <see cref="Selection.BreachAlarm.Ceiling"/>.</param>
    public static ISloObjective Constrain(ISloObjective objective, AdaptationOptions options, double maxBreachRate)
    {
        objective = new BreachCeiling(new FitsBudget(objective), maxBreachRate);
        objective = WithFloors(objective, options);
        if (options.RequireCertificate) objective = new CertifiedOnly(objective);
        return objective;
    }

    /// <summary>Puts an objective above the floors of quality and agreement that the options ask for.</summary>
    public static ISloObjective WithFloors(ISloObjective objective, AdaptationOptions options)
    {
        var need = EvidenceNeed.Of(options);
        if (options.MaxQualityGap is { } gap) objective = new QualityFloor(objective, gap, need);
        if (options.MinAgreement is { } agreement) objective = new AgreementFloor(objective, agreement, need);
        return objective;
    }
}
