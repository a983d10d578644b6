namespace Helios.Sdk.Adaptation.Objectives;

/// <summary>Each further token comes in time, as traffic is now; while that is not known, with the batch full.</summary>
/// <param name="inner">What scores the points that meet it.</param>
/// <param name="most">Longest time for a token.</param>
internal sealed class TpotCeiling(ISloObjective inner, TimeSpan most) : ConstrainedObjective(inner)
{
    /// <inheritdoc/>
    protected override string? Violation(PointProfile profile)
    {
        var ms = profile.LoadedTpotMs ?? profile.TpotMs;
        return ms <= most.TotalMilliseconds ? null : Invariant($"time per output token {ms:0.##} ms is over {most.TotalMilliseconds:0.##} ms");
    }
}
