namespace Helios.Sdk.Adaptation.Objectives;

/// <summary>
/// <c>latency</c>: least time per output token, with as many sequences as traffic makes run together. Not of a full batch: a
/// point that frees memory fits a larger batch, whose step is longer, and would be punished for what it makes possible.
/// </summary>
internal sealed class LatencyObjective : ISloObjective
{
    public string Name => "latency";

    public ObjectiveScore Score(PointProfile profile) => new(
        -(profile.LoadedTpotMs ?? profile.AloneTpotMs),
        [.. ScoreTerms.Known("tpotLoaded", profile.LoadedTpotMs, "ms"), new("tpotAlone", profile.AloneTpotMs, "ms"), new("tpotFull", profile.TpotMs, "ms")]);
}
