namespace Helios.Sdk.Adaptation.Objectives;

/// <summary>
/// <c>latency</c>: least time per output token of a sequence alone. Not of a full batch: a point that frees memory fits a
/// larger batch, whose step is longer, and would be punished for what it makes possible.
/// </summary>
internal sealed class LatencyObjective : ISloObjective
{
    public string Name => "latency";

    public ObjectiveScore Score(PointProfile profile) => new(
        -profile.AloneTpotMs,
        [new("tpotAlone", profile.AloneTpotMs, "ms"), new("tpotFull", profile.TpotMs, "ms")]);
}
