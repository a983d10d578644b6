using Helios.Sdk.Adaptation.Estimation;

namespace Helios.Sdk.Adaptation.Objectives;

/// <summary>
/// How much evidence a decision about quality takes. A newcomer needs enough of it, and an estimate within the floor; one that
/// was left for it needs its whole interval there. The active point is left only when its interval lies beyond the floor, or when its
/// estimate does and no more evidence is to be had: so a point near the floor neither comes by luck nor goes by it.
/// </summary>
/// <param name="Enough">Requests below which nothing is concluded.</param>
/// <param name="Full">Requests of a full window: more are not kept, so the estimate decides.</param>
/// <param name="Uncertainty">Half of the widest interval, in bits per byte, that is enough before the window is full.</param>
internal readonly record struct EvidenceNeed(int Enough, int Full, double Uncertainty)
{
    public static EvidenceNeed Of(AdaptationOptions options) =>
        new(options.RequestsPerCandidate, EvidenceWindow.Texts(options), options.MaxGapUncertainty);

    /// <summary>What is lacking to conclude anything about a point's quality; null when nothing is.</summary>
    public string? Lack(PointProfile profile)
    {
        if (profile.EvidenceRequests < Enough) return Invariant($"has evidence from {profile.EvidenceRequests} requests, and needs {Enough}");
        if (profile.EvidenceRequests >= Full || profile.QualityGapInterval is not { } interval || interval.Width <= 2 * Uncertainty) return null;
        return Invariant($"is known to ±{interval.Width / 2:0.###} bits per byte from {profile.EvidenceRequests} requests, and needs ±{Uncertainty:0.###} or {Full} requests");
    }

    /// <summary>How well a figure of a point is known, for people; nothing where it is known exactly, or not how well.</summary>
    public static string Range(Interval? interval, PointProfile profile) =>
        interval is { Width: > 0 } known ? Invariant($" ({known.Low:0.###} to {known.High:0.###} by {profile.EvidenceRequests} requests)") : "";

    /// <summary>
    /// Whether the active point stays although its estimate is beyond a floor: too little is known to conclude anything, or its interval
    /// is not beyond, and more evidence is to come.
    /// </summary>
    /// <param name="profile">The point.</param>
    /// <param name="intervalIsBeyond">Whether the whole interval is beyond the floor, or there is none.</param>
    public bool Spares(PointProfile profile, bool intervalIsBeyond) =>
        profile.IsServing && (profile.EvidenceRequests < Enough || (!intervalIsBeyond && profile.EvidenceRequests < Full));

    /// <summary>
    /// Whether a point that was left for a floor has yet to show that it is worth another try: an estimate within the floor is what
    /// luck gives every other time to a point on its edge.
    /// </summary>
    /// <param name="profile">The point.</param>
    /// <param name="intervalIsWithin">Whether the whole interval is within the floor.</param>
    public static bool Distrusts(PointProfile profile, bool intervalIsWithin) => profile is { WasBelowFloor: true, IsServing: false } && !intervalIsWithin;
}
