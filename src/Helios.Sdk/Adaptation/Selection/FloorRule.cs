using System.Diagnostics.CodeAnalysis;
using Helios.Sdk.Adaptation.Objectives;

namespace Helios.Sdk.Adaptation.Selection;

/// <summary>
/// Holds the active point to the floors of quality and agreement by what scoring at full depth shows, and by nothing that its own
/// exits say. It speaks once of a point: what could be done was done then, and is tried again at the next reassessment.
/// </summary>
internal sealed class FloorRule(AdaptationOptions options, Goals goals)
{
    private readonly EvidenceNeed need = EvidenceNeed.Of(options);
    private OperatingPoint? reported;

    /// <summary>Whether more texts would show something: evidence of a point is lacking, or it stays below a floor only until there is more.</summary>
    public bool WantsMore(PointProfile profile) =>
        Lack(profile) is not null || (!IsBelow(profile) && IsBelow(profile with { EvidenceRequests = need.Full }));

    /// <summary>Whether a point may not serve for its quality.</summary>
    public bool IsBelow(PointProfile profile) => WhyBelow(profile) is not null;

    /// <summary>What evidence is lacking of a point; null when there is enough.</summary>
    public string? Lack(PointProfile profile) => need.Lack(profile);

    /// <summary>Whether the active point is below a floor, for the first time since it was assessed.</summary>
    /// <param name="serving">The active point.</param>
    /// <param name="because">Which floor, and how far below.</param>
    public bool IsBreached(PointProfile serving, [NotNullWhen(true)] out string? because)
    {
        because = null;
        if (serving.Point != reported) reported = null;
        if (reported is not null || serving.EvidenceRequests < need.Enough) return false;
        because = WhyBelow(serving);
        if (because is not null) reported = serving.Point;
        return because is not null;
    }

    /// <summary>All points are reassessed: what is below its floor then may be said again.</summary>
    public void Rearm() => reported = null;

    private string? WhyBelow(PointProfile profile) => ObjectiveParser.WithFloors(new Unranked(), need, goals.Limits).Score(profile).InfeasibleBecause;

    private sealed class Unranked : ISloObjective
    {
        public string Name => "none";

        public ObjectiveScore Score(PointProfile profile) => new(0, []);
    }
}
