namespace Helios.Sdk.Serving.Scheduling;

/// <summary>
/// How many rows of prompts may join rows that decode, so that a step takes no more than <paramref name="maxStretch"/> times
/// what those take alone. Learnt from steps that ran; pure, no clock.
/// </summary>
/// <param name="maxStretch">Above 1; infinity sets no bound.</param>
/// <param name="firstRows">Rows that join before it was ever measured what they cost; later at most twice what was measured.</param>
internal sealed class PromptPacing(double maxStretch, int firstRows)
{
    /// <summary>How much longer than one row those take, at most, that are held to come at no cost beside it.</summary>
    private const double SameTile = 1.1;

    /// <summary>Seconds of a step that only decodes, by its rows. Kept for 64 steps with prompts: what decoding takes changes while they come in.</summary>
    private readonly RowTimes decoding = new(kept: 64);

    /// <summary>Seconds that rows of prompts add to those of decoding, by their number.</summary>
    private readonly RowTimes added = new(kept: 256);

    /// <summary>
    /// At least 1, so that prompts always advance, but for a step now and then that only decodes: without it there would be
    /// nothing to compare with. Where one row alone passes the bound, as many as take no longer than that one: rows run in
    /// tiles, and the first of a tile pays for all of it.
    /// </summary>
    public int PromptRows(int decodeRows)
    {
        if (decodeRows == 0 || double.IsPositiveInfinity(maxStretch)) return int.MaxValue;
        if (decoding.At(decodeRows) is not { } alone) return 0;
        var bound = alone * (maxStretch - 1);
        var leastTime = SameTile * added.At(1) ?? 0;
        return Math.Max(1, added.RowsWithin(Math.Max(bound, leastTime), firstRows));
    }

    /// <summary>A step ran. One that was held up counts for no more than one that was planned far too large.</summary>
    public void Learn(int decodeRows, int promptRows, double seconds)
    {
        if (decodeRows == 0) return;
        var known = decoding.At(decodeRows);
        if (promptRows == 0)
        {
            var last = known ?? decoding.Last(decodeRows);
            decoding.Add(decodeRows, last > 0 ? Math.Min(seconds, 2 * last.Value) : seconds);
        }
        else if (known is { } alone)
        {
            added.Add(promptRows, Math.Clamp(seconds - alone, 0, 2 * maxStretch * alone));
            decoding.Age();
        }
    }
}
