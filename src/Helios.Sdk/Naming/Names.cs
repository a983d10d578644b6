namespace Helios.Sdk.Naming;

/// <summary>What holds for the names of models, objectives, policies, orders and backends: they have no case.</summary>
internal static class Names
{
    /// <summary>Whether two names are one.</summary>
    public static bool Same(string left, string right) => string.Equals(left, right, StringComparison.OrdinalIgnoreCase);

    /// <summary>Refuses names that differ by case alone: one could never be told from the other.</summary>
    /// <param name="kind">What they name, in the plural, for the message.</param>
    /// <param name="names">The names; of the very same name there may be several.</param>
    /// <exception cref="ArgumentException">There are two such.</exception>
    public static void RefuseTwins(string kind, IEnumerable<string> names)
    {
        var twins = names.Distinct(StringComparer.Ordinal).GroupBy(name => name, StringComparer.OrdinalIgnoreCase).FirstOrDefault(group => group.Count() > 1);
        if (twins is not null) throw new ArgumentException($"The {kind} {string.Join(" and ", twins.Select(name => $"'{name}'"))} differ by case alone, and names have no case; rename one.", nameof(names));
    }
}
