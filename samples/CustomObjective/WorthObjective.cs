using Helios.Sdk;

namespace CustomObjective;

/// <summary>
/// <c>worth</c>: one price combines speed and quality. Twice the throughput is worth a number of bits per byte; a point whose gain in speed
/// is smaller than its loss in quality has a lower score. <c>throughput</c> takes the fastest point within a floor; this objective needs no floor.
/// </summary>
/// <param name="bitsForTwice">The price of twice the throughput in bits per byte, above 0.</param>
public sealed class WorthObjective(double bitsForTwice) : ISloObjective
{
    /// <summary>Name by which configuration chooses it.</summary>
    public string Name => "worth";

    /// <summary>In bits per byte, so that the decision shows gain and loss in one unit.</summary>
    public ObjectiveScore Score(PointProfile profile)
    {
        if (profile.QualityGap is not { } gap) return ObjectiveScore.Infeasible("its quality was not measured yet");
        var speed = bitsForTwice * Math.Log2(profile.Throughput);
        return new ObjectiveScore(speed - gap, [new("throughput", profile.Throughput, "tok/s"), new("speed", speed, "bits/byte"), new("gap", gap, "bits/byte")]);
    }
}
