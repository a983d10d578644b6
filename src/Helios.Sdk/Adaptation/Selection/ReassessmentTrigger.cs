namespace Helios.Sdk.Adaptation.Selection;

/// <summary>
/// Says when candidates are due to be looked at again: after so many requests, but not before a new point has served some.
/// Belongs to one thread.
/// </summary>
/// <param name="every">Requests between two reassessments, at least 1.</param>
/// <param name="minimumResidence">Requests a point serves at least.</param>
internal sealed class ReassessmentTrigger(int every, int minimumResidence)
{
    private double interval = every;
    private int sinceReassessment;
    private int sincePublish;

    /// <summary>Whether a reassessment is due.</summary>
    public bool IsDue => sinceReassessment >= interval && sincePublish >= minimumResidence;

    /// <summary>Notes a finished request.</summary>
    /// <returns>Whether a reassessment is due.</returns>
    public bool RequestFinished()
    {
        sinceReassessment++;
        sincePublish++;
        return IsDue;
    }

    /// <summary>Notes a reassessment.</summary>
    /// <param name="stretch">By how much the next interval is longer than configured, at least 1: what evaluation took over its share of device time.</param>
    public void Reassessed(double stretch = 1)
    {
        sinceReassessment = 0;
        interval = every * Math.Max(1, stretch);
    }

    /// <summary>Notes that another point serves.</summary>
    public void Published() => sincePublish = 0;
}
