using System.Collections.Immutable;

namespace Helios.Sdk.Adaptation.Estimation;

/// <summary>
/// How sure some tokens were, in steps of half a hundredth: so it can be asked of any target how many of them were under it,
/// long after they were seen. It has no more entries than tokens, nor than there are levels. Immutable.
/// </summary>
internal sealed class ConfidenceHistogram
{
    /// <summary>The level of a confidence of 1; that of 0 is 0.</summary>
    public const int Levels = 200;

    /// <summary>The level of what is not a number: no target is as low.</summary>
    public const int NoLevel = -1;

    /// <summary>Tokens at a level or above, by index into <see cref="Counts"/>; behind the last of them, none.</summary>
    private readonly int[] atLeast;

    /// <param name="counts">Tokens by level, ascending, each level once; all tokens together within 32 bits.</param>
    public ConfidenceHistogram(ImmutableArray<LevelCount> counts)
    {
        Counts = counts;
        atLeast = new int[counts.Length + 1];
        for (var i = counts.Length - 1; i >= 0; i--) atLeast[i] = atLeast[i + 1] + counts[i].Tokens;
    }

    /// <summary>Tokens by level, ascending; those without a level are left out.</summary>
    public ImmutableArray<LevelCount> Counts { get; }

    /// <summary>The level of a confidence, or of a target: a token is sure enough when its level is no lower than the target's.</summary>
    /// <param name="confidence">0..1.</param>
    public static int LevelOf(double confidence)
    {
        // As a float, 0.7 is a little less than 0.7.
        const double Slack = 1e-3;
        return double.IsNaN(confidence) ? NoLevel : Math.Clamp((int)(confidence * Levels + Slack), 0, Levels);
    }

    /// <summary>Counts tokens.</summary>
    /// <param name="levels">By token.</param>
    public static ConfidenceHistogram Of(ReadOnlySpan<int> levels)
    {
        var tokens = new int[Levels + 1];
        foreach (var level in levels)
        {
            if (level != NoLevel) tokens[level]++;
        }

        return new ConfidenceHistogram([.. tokens.Index().Where(level => level.Item > 0).Select(level => new LevelCount(level.Index, level.Item))]);
    }

    /// <summary>Tokens at a level or above.</summary>
    /// <param name="level">0..<see cref="Levels"/>.</param>
    public int AtLeast(int level)
    {
        var (low, high) = (0, Counts.Length);
        while (low < high)
        {
            var middle = (low + high) / 2;
            if (Counts[middle].Level < level) low = middle + 1;
            else high = middle;
        }

        return atLeast[low];
    }

    /// <summary>Whether at every level it has no fewer tokens than another.</summary>
    public bool IsAsSureAs(ConfidenceHistogram other) => other.Counts.All(count => AtLeast(count.Level) >= other.AtLeast(count.Level));
}

/// <summary>Tokens of one confidence.</summary>
/// <param name="Level">0..<see cref="ConfidenceHistogram.Levels"/>.</param>
/// <param name="Tokens">At least 1.</param>
internal readonly record struct LevelCount(int Level, int Tokens);
