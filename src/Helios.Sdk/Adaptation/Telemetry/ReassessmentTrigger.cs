namespace Helios.Sdk.Adaptation.Telemetry;

/// <summary>
/// Says when candidates are due to be reassessed: after so many requests or so much time, whichever comes first, but not
/// before a new point has served some requests. Belongs to one thread.
/// </summary>
/// <param name="every">Requests between two reassessments, at least 1.</param>
/// <param name="minimumResidence">Requests a point serves at least.</param>
/// <param name="everyTime">Time between two reassessments; null waits for requests alone.</param>
/// <param name="time">Clock.</param>
internal sealed class ReassessmentTrigger(int every, int minimumResidence, TimeSpan? everyTime, TimeProvider time)
{
    private double stretch = 1;
    private int sinceReassessment;
    private int sincePublish;
    private long reassessedAt = time.GetTimestamp();

    /// <summary>Whether a reassessment is due.</summary>
    public bool IsDue => sincePublish >= minimumResidence
        && (sinceReassessment >= every * stretch || everyTime is { } most && time.GetElapsedTime(reassessedAt) >= most);

    /// <summary>Notes a finished request.</summary>
    /// <returns>Whether a reassessment is due.</returns>
    public bool RequestFinished()
    {
        sinceReassessment++;
        sincePublish++;
        return IsDue;
    }

    /// <summary>Notes a reassessment.</summary>
    /// <param name="stretch">By how much the next interval has more requests than configured, at least 1.</param>
    public void Reassessed(double stretch = 1)
    {
        sinceReassessment = 0;
        reassessedAt = time.GetTimestamp();
        this.stretch = Math.Max(1, stretch);
    }

    /// <summary>Notes that another point serves.</summary>
    public void Published() => sincePublish = 0;
}
