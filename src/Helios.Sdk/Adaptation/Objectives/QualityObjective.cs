namespace Helios.Sdk.Adaptation.Objectives;

/// <summary><c>quality</c>: fewest bits per byte on texts served lately. What it may cost, constraints say.</summary>
/// <param name="name">What configuration calls it, its limits included.</param>
internal sealed class QualityObjective(string name) : ISloObjective
{
    public string Name => name;

    public ObjectiveScore Score(PointProfile profile) => profile.BitsPerByte is { } bits
        ? new(-bits, [new("bitsPerByte", bits, "bits"), .. ScoreTerms.Known("gap", profile.QualityGap, "bits"), new("bytes", profile.WeightBytes + profile.KvBytesPerSequence, "B"), new("tpotFull", profile.TpotMs, "ms")])
        : ObjectiveScore.Infeasible("quality is not measured yet");
}
