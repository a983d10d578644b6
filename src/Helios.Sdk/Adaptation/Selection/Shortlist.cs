using Helios.Sdk.Adaptation.Repository;
using Helios.Sdk.Backends;
using Helios.Sdk.Models;

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
/// Chooses the candidates. From a repository of offline telemetry (paper): the best by the objective, and, as the measure of
/// quality, the one of best quality. What the repository does not know is chosen by size: bytes read per token stand in for speed, and
/// size for quality, so of the models that fit at their first exit the candidates are the smallest, the largest, and the rest
/// evenly between. Known models go before unknown ones, and those before models that the repository holds for infeasible.
/// </summary>
internal static class Shortlist
{
    /// <summary>Chooses. The same pool gives the same candidates: known ones by score, then the others in the order of the pool.</summary>
    /// <param name="pool">The models known, in order of preference.</param>
    /// <param name="count">Candidates wanted, at least 1.</param>
    /// <param name="budgetBytes">Most bytes that weights may take.</param>
    /// <param name="ranks">What a repository says, by name of the model; null without one.</param>
    public static IReadOnlyList<ShortlistEntry> Choose(IReadOnlyList<ShortlistEntry> pool, int count, long budgetBytes, IReadOnlyDictionary<string, ModelRank>? ranks = null)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(count);
        var fitting = pool.Where(entry => entry.ShallowBytes <= budgetBytes).ToList();
        if (fitting.Count == 0) fitting = [.. pool.OrderBy(entry => entry.ShallowBytes).Take(1)];
        if (ranks is null) return BySize(fitting, count, budgetBytes);

        var known = fitting.Where(entry => ranks.TryGetValue(entry.Model.Name, out var rank) && rank.Score is not null).ToList();
        var chosen = ByScore(known, count, ranks);
        var unknown = fitting.Where(entry => !ranks.ContainsKey(entry.Model.Name)).ToList();
        if (chosen.Count < count && unknown.Count > 0) chosen = [.. chosen, .. BySize(unknown, count - chosen.Count, budgetBytes)];
        return [.. chosen, .. fitting.Except(known).Except(unknown).Take(count - chosen.Count)];
    }

    private static List<ShortlistEntry> ByScore(List<ShortlistEntry> known, int count, IReadOnlyDictionary<string, ModelRank> ranks)
    {
        // A stable sort: among equals the preferred one is first.
        var chosen = known.OrderByDescending(entry => ranks[entry.Model.Name].Score).Take(count).ToList();
        var measure = known.Where(entry => ranks[entry.Model.Name].BitsPerByte is not null).MinBy(entry => ranks[entry.Model.Name].BitsPerByte);
        if (count > 1 && measure is not null && !chosen.Contains(measure)) chosen[^1] = measure;
        return chosen;
    }

    /// <summary>One alone is the largest that fits whole, else the largest.</summary>
    private static List<ShortlistEntry> BySize(List<ShortlistEntry> pool, int count, long budgetBytes)
    {
        if (pool.Count <= count) return pool;
        var bySize = pool.OrderBy(entry => entry.FullBytes).ThenBy(entry => entry.ShallowBytes).ToList();
        var chosen = count == 1
            ? [bySize.FindLast(entry => entry.FullBytes <= budgetBytes) ?? bySize[^1]]
            : Enumerable.Range(0, count).Select(i => bySize[i * (bySize.Count - 1) / (count - 1)]).ToHashSet();
        return [.. pool.Where(chosen.Contains)];
    }
}
