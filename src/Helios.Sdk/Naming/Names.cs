namespace Helios.Sdk.Naming;

/// <summary>What holds for the names of models, objectives, policies, orders and backends: they have no case.</summary>
internal static class Names
{
    /// <summary>Whether two names are one.</summary>
    public static bool Same(string left, string right) => string.Equals(left, right, StringComparison.OrdinalIgnoreCase);

    /// <summary>Refuses names that differ by case alone: one could not be distinguished from the other.</summary>
    /// <param name="option">The option that chooses among them.</param>
    /// <param name="names">The names; of the very same name there may be several.</param>
    /// <exception cref="InvalidOptionException">There are two such.</exception>
    public static void RefuseTwins(OptionPath option, IEnumerable<string> names)
    {
        var twins = names.Distinct(StringComparer.Ordinal).GroupBy(name => name, StringComparer.OrdinalIgnoreCase).FirstOrDefault(group => group.Count() > 1);
        if (twins is not null) throw new InvalidOptionException(new OptionFault(option, $"chosen among {string.Join(" and ", twins.Select(name => $"'{name}'"))}, which differ only by case", "names that differ by more than case: names are case-insensitive"));
    }
}
