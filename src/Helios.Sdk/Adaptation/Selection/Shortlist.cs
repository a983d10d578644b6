namespace Helios.Sdk.Adaptation.Selection;

/// <summary>A model of the pool, before anything of it is loaded.</summary>
/// <param name="Model">What its headers say.</param>
/// <param name="Size">Bytes of its parts.</param>
internal sealed record ShortlistEntry(CheckpointInfo Model, LoadSize Size)
{
    /// <summary>Bytes that a token reads when it leaves at the first exit.</summary>
    public long ShallowBytes => Size.ToDepth(Model.Exits[0].Depth);

    /// <summary>Bytes that a token reads at full depth.</summary>
    public long FullBytes => Size.ToDepth(Model.Architecture.Layers);
}

/// <summary>
/// Chooses the candidates (paper: the top K of a repository of offline telemetry; there is none here). Bytes read per token
/// stand in for speed, and size for quality: of the models that fit at their first exit, the candidates are the smallest,
/// the largest, and the rest evenly between, so that the cheap end and the measure of quality are always among them.
/// </summary>
internal static class Shortlist
{
    /// <summary>Chooses. The same pool gives the same candidates; they come in the order of the pool.</summary>
    /// <param name="pool">The models known, in order of preference.</param>
    /// <param name="count">Candidates wanted, at least 1; one alone is the largest that fits whole, else the largest.</param>
    /// <param name="budgetBytes">Most bytes that weights may take.</param>
    public static IReadOnlyList<ShortlistEntry> Choose(IReadOnlyList<ShortlistEntry> pool, int count, long budgetBytes)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(count);
        var fitting = pool.Where(entry => entry.ShallowBytes <= budgetBytes).ToList();
        if (fitting.Count == 0) fitting = [.. pool.OrderBy(entry => entry.ShallowBytes).Take(1)];
        if (fitting.Count <= count) return fitting;

        // A stable sort: among equals the preferred one is first.
        var bySize = fitting.OrderBy(entry => entry.FullBytes).ThenBy(entry => entry.ShallowBytes).ToList();
        var chosen = count == 1
            ? [bySize.FindLast(entry => entry.FullBytes <= budgetBytes) ?? bySize[^1]]
            : Enumerable.Range(0, count).Select(i => bySize[i * (bySize.Count - 1) / (count - 1)]).ToHashSet();
        return [.. fitting.Where(chosen.Contains)];
    }
}
