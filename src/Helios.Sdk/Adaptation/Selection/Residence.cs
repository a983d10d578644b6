namespace Helios.Sdk.Adaptation.Selection;

/// <summary>
/// How long the active point is left in peace, and how far apart reassessments of a settled point may be. A point stays for some requests
/// and some time at least. A return to the point left before, with few reassessments in between, is wavering on the edge of a constraint:
/// it doubles the reassessments for which a point stays before a mere gain moves it, and longer stays halve them again. A point that
/// may not serve is left at once all the same. Belongs to the adaptation loop.
/// </summary>
internal sealed class Residence(AdaptationOptions options, TimeProvider time)
{
    /// <summary>Reassessments after which, without former wavering, a return is news.</summary>
    private const int ReassessmentsToSettle = 3;

    private const int LongestHold = 32;
    private const int LongestStretch = 16;

    private OperatingPoint? left;
    private long publishedAt = time.GetTimestamp();
    private long requestsAtPublish;
    private int reassessments;
    private int uneventful;
    private int hold;

    /// <summary>By how much the interval to the next reassessment is longer: it doubles with every reassessment that shows nothing new.</summary>
    public double Stretch => Math.Min(LongestStretch, 1 << Math.Min(uneventful, 8));

    /// <summary>Whether the latest reassessments have shown nothing new.</summary>
    public bool IsSettled => uneventful >= ReassessmentsToSettle;

    /// <summary>Why the active point may not be left for a mere gain; null when it may.</summary>
    /// <param name="completed">Requests completed since the engine started.</param>
    public string? HoldBecause(long completed)
    {
        var requests = completed - requestsAtPublish;
        if (requests < options.MinimumResidenceRequests) return Invariant($"it has served {requests} of at least {options.MinimumResidenceRequests} requests since the last change");
        var elapsed = time.GetElapsedTime(publishedAt);
        if (elapsed < options.MinimumResidence) return Invariant($"it has served for {elapsed.TotalSeconds:0.#} s of at least {options.MinimumResidence.TotalSeconds:0.#} s since the last change");
        return reassessments < hold ? Invariant($"it is reassessment {reassessments + 1} since the last change, and after oscillation it stays for {hold}") : null;
    }

    /// <summary>A reassessment with fresh texts that changed nothing.</summary>
    public void Kept()
    {
        reassessments++;
        uneventful++;
    }

    /// <summary>Something new was seen: reassessments are as frequent as configured again.</summary>
    public void Unsettle() => uneventful = 0;

    /// <summary>Another point serves.</summary>
    public void Changed(OperatingPoint? from, OperatingPoint to, long completed)
    {
        if (reassessments > ReassessmentsToSettle + 2 * hold) hold /= 2;
        else if (to == left) hold = Math.Clamp(2 * hold, 2, LongestHold);
        (left, reassessments, uneventful, requestsAtPublish, publishedAt) = (from, 0, 0, completed, time.GetTimestamp());
    }
}
