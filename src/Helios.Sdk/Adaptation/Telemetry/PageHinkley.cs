namespace Helios.Sdk.Adaptation.Telemetry;

/// <summary>
/// The test of Page and Hinkley, both ways: whether the mean of a series has moved. Values are measured in standard deviations
/// of the series so far; it alarms when their sum, less half a deviation each, has moved <see cref="Limit"/> away from where
/// it was furthest the other way. Without a change that takes about 10,000 values; a move by one deviation shows in about 16.
/// </summary>
internal struct PageHinkley
{
    /// <summary>In standard deviations.</summary>
    public const double Limit = 8;

    private const double Slack = 0.5;

    /// <summary>Values from which mean and deviation are known well enough.</summary>
    private const int Learning = 16;

    private int count;
    private double mean;
    private double squares;
    private double up;
    private double down;

    /// <summary>Notes a value; true when the mean has moved, and then all is forgotten.</summary>
    public bool Add(double value)
    {
        count++;
        var off = value - mean;
        mean += off / count;
        squares += off * (value - mean);
        if (count <= Learning) return false;

        // A series that never varied has moved at its first other value.
        var deviation = Math.Max(Math.Sqrt(squares / count), 1e-9);
        var away = (value - mean) / deviation;
        up = Math.Max(0, up + away - Slack);
        down = Math.Max(0, down - away - Slack);
        if (up <= Limit && down <= Limit) return false;
        this = default;
        return true;
    }
}
