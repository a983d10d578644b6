using Helios.Sdk;

namespace CustomObjective;

/// <summary>
/// <c>worth</c>: speed and quality by one price. Twice the throughput is worth so many bits per byte; a point that is faster by
/// less than it is worse loses. Where <c>throughput</c> takes whatever is fastest within its floor, this one has no floor to exhaust.
/// </summary>
/// <param name="bitsForTwice">Bits per byte that doubling the throughput is worth, above 0.</param>
public sealed class WorthObjective(double bitsForTwice) : ISloObjective
{
    /// <summary>Name by which configuration chooses it.</summary>
    public string Name => "worth";

    /// <summary>In bits per byte, so that what was gained and what was paid stand side by side in the decision.</summary>
    public ObjectiveScore Score(PointProfile profile)
    {
        if (profile.QualityGap is not { } gap) return ObjectiveScore.Infeasible("its quality was not measured yet");
        var speed = bitsForTwice * Math.Log2(profile.Throughput);
        return new ObjectiveScore(speed - gap, [new("throughput", profile.Throughput, "tok/s"), new("speed", speed, "bits/byte"), new("gap", gap, "bits/byte")]);
    }
}
