namespace Helios.Sdk.Serving.Scheduling;

/// <summary>
/// How many rows of prompts may join rows that decode, so that a step takes no more than <paramref name="maxStretch"/> times
/// what those take alone. Learnt from steps that ran; pure, no clock.
/// </summary>
/// <param name="maxStretch">Above 1; infinity sets no bound.</param>
/// <param name="firstRows">Rows that join before it was ever measured what they cost; later at most twice what was measured.</param>
internal sealed class PromptPacing(double maxStretch, int firstRows)
{
    /// <summary>Seconds of a step that only decodes, by its rows.</summary>
    private readonly RowTimes decoding = new();

    /// <summary>Seconds that rows of prompts add to those of decoding, by their number.</summary>
    private readonly RowTimes added = new();

    /// <summary>
    /// At least 1, so that prompts always advance, but for a step now and then that only decodes, without which there would be
    /// nothing to compare with.
    /// </summary>
    public int PromptRows(int decodeRows)
    {
        if (decodeRows == 0 || double.IsPositiveInfinity(maxStretch)) return int.MaxValue;
        return decoding.At(decodeRows) is { } alone ? Math.Max(1, added.RowsWithin(alone * (maxStretch - 1), firstRows)) : 0;
    }

    /// <summary>A step ran.</summary>
    public void Learn(int decodeRows, int promptRows, double seconds)
    {
        if (decodeRows == 0) return;
        if (promptRows == 0)
        {
            decoding.Add(decodeRows, seconds);
        }
        else if (decoding.At(decodeRows) is { } alone)
        {
            added.Add(promptRows, Math.Max(0, seconds - alone));
            decoding.Age();
        }
    }
}
