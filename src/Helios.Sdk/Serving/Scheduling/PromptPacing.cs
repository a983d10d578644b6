namespace Helios.Sdk.Serving.Scheduling;

/// <summary>
/// How many rows of prompts may join rows that decode, so that a step takes no more than <paramref name="maxStretch"/> times
/// what those take alone, or <paramref name="unpaced"/> seconds if that is more. Learnt from steps that ran; pure, no clock.
/// </summary>
/// <param name="maxStretch">Above 1; infinity sets no bound.</param>
/// <param name="firstRows">Rows that join before it was ever measured what they cost; later at most twice what was measured.</param>
/// <param name="unpaced">Seconds up to which a step is not held back.</param>
internal sealed class PromptPacing(double maxStretch, int firstRows, double unpaced = 0)
{
    private const int Tile = 8;
    private const double MostSlower = 1.25;

    /// <summary>Seconds of a step that only decodes, by its rows. Kept for 64 steps with prompts: what decoding takes changes while they come in.</summary>
    private readonly RecentTimes decoding = new(kept: 64);

    /// <summary>Seconds that rows of prompts add to those of decoding, by their number.</summary>
    private readonly RecentTimes added = new(kept: 256);

    /// <summary>None in a step now and then, without which there would be nothing to compare with.</summary>
    public int PromptRows(int decodeRows)
    {
        if (decodeRows == 0 || double.IsPositiveInfinity(maxStretch)) return int.MaxValue;
        if (decoding.At(decodeRows) is not { } alone) return 0;
        return Math.Max(FillTile(decodeRows), added.RowsWithin(Bound(alone) - alone, firstRows));
    }

    /// <summary>
    /// Rows that join in any case, so that prompts always advance: backends run rows in tiles, and a row that begins one pays for
    /// all of it, so those up to the end of a tile, and half a tile at least.
    /// </summary>
    private static int FillTile(int decodeRows)
    {
        var left = Tile - decodeRows % Tile;
        return left < Tile / 2 ? left + Tile : left;
    }

    /// <summary>A step ran. One that was held up counts for little.</summary>
    public void Learn(int decodeRows, int promptRows, double seconds)
    {
        if (decodeRows == 0) return;
        if (promptRows == 0)
        {
            // Faster is believed at once; slower may be a step that was held up, and would let prompts stretch those that follow.
            decoding.Add(decodeRows, decoding.Last(decodeRows) is > 0 and var last ? Math.Min(seconds, last * MostSlower) : seconds);
        }
        else if (decoding.At(decodeRows) is { } alone)
        {
            added.Add(promptRows, Math.Clamp(seconds - alone, 0, 2 * Bound(alone)));
            decoding.Age();
        }
    }

    /// <summary>Seconds that a step may take whose decoding rows alone take so many.</summary>
    private double Bound(double alone) => Math.Max(maxStretch * alone, unpaced);
}
