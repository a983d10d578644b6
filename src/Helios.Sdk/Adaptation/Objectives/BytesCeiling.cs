namespace Helios.Sdk.Adaptation.Objectives;

/// <summary>No more than so many bytes for weights, workspace and the KV of one sequence of usual length.</summary>
/// <param name="inner">What scores the points that meet it.</param>
/// <param name="maxBytes">Bytes, above 0.</param>
internal sealed class BytesCeiling(ISloObjective inner, long maxBytes) : ConstrainedObjective(inner)
{
    /// <inheritdoc/>
    protected override string? Violation(PointProfile profile)
    {
        var bytes = profile.WeightBytes + profile.KvBytesPerSequence;
        return bytes <= maxBytes ? null : Invariant($"it takes {bytes} bytes with one sequence, over {maxBytes}");
    }
}
