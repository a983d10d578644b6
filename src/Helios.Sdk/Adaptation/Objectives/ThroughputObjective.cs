namespace Helios.Sdk.Adaptation.Objectives;

/// <summary><c>throughput</c>: most tokens per second with as many sequences as fit.</summary>
internal sealed class ThroughputObjective : ISloObjective
{
    public string Name => "throughput";

    public ObjectiveScore Score(PointProfile profile) => new(
        profile.Throughput,
        [new("throughput", profile.Throughput, "tok/s"), new("maxBatch", profile.MaxBatch, "sequences")]);
}
