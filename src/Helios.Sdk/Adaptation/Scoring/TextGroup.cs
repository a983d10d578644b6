using System.Collections.Immutable;

namespace Helios.Sdk.Adaptation.Scoring;

/// <summary>
/// Texts that are scored together, as rows of one batch: a layer that has to be staged is staged once for all of them.
/// </summary>
/// <param name="Texts">Ids of each, at least one text of at least one token.</param>
internal sealed record TextGroup(ImmutableArray<int[]> Texts)
{
    /// <summary>Tokens of all of them: rows of the batch.</summary>
    public int Tokens { get; } = Texts.Sum(text => text.Length);

    /// <summary>Tokens attended to, over all rows: row i of a text sees i + 1.</summary>
    public long ContextTokens { get; } = Texts.Sum(text => text.Length * (text.Length + 1L) / 2);

    /// <summary>Cuts texts into groups, in their order: as many together as a bound allows, a longer one alone.</summary>
    /// <param name="texts">Ids of each.</param>
    /// <param name="mostTokens">Most tokens of a group of several.</param>
    public static IReadOnlyList<TextGroup> Cut(IEnumerable<int[]> texts, int mostTokens)
    {
        var groups = new List<TextGroup>();
        var group = ImmutableArray.CreateBuilder<int[]>();
        var tokens = 0;
        foreach (var text in texts)
        {
            if (group.Count > 0 && tokens + text.Length > mostTokens) Close();
            group.Add(text);
            tokens += text.Length;
        }

        if (group.Count > 0) Close();
        return groups;

        void Close()
        {
            groups.Add(new TextGroup(group.DrainToImmutable()));
            tokens = 0;
        }
    }
}
