namespace Helios.Sdk.Adaptation.Objectives;

/// <summary><c>memory</c>: fewest bytes for weights, workspace and the KV of one sequence; among equals the larger batch.</summary>
internal sealed class MemoryObjective : ISloObjective
{
    public string Name => "memory";

    public ObjectiveScore Score(PointProfile profile)
    {
        var bytes = profile.WeightBytes + profile.KvBytesPerSequence;
        // Always less than a byte, so it only parts equals.
        var batch = profile.MaxBatch / (profile.MaxBatch + 1.0);
        return new(
            batch - bytes,
            [new("bytes", bytes, "B"), new("weights", profile.WeightBytes, "B"), new("kvPerSequence", profile.KvBytesPerSequence, "B"), new("maxBatch", profile.MaxBatch, "sequences")]);
    }
}
