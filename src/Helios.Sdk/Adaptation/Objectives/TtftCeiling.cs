namespace Helios.Sdk.Adaptation.Objectives;

/// <summary>Of twenty requests, nineteen get their first token in time, as traffic is now.</summary>
/// <param name="inner">What scores the points that meet it.</param>
/// <param name="most">Longest time to the first token.</param>
internal sealed class TtftCeiling(ISloObjective inner, TimeSpan most) : ConstrainedObjective(inner)
{
    /// <inheritdoc/>
    protected override string? Violation(PointProfile profile)
    {
        var ms = profile.TtftP95Ms ?? profile.TtftMs;
        return ms <= most.TotalMilliseconds ? null : Invariant($"time to first token (p95) {ms:0.#} ms is over {most.TotalMilliseconds:0.#} ms");
    }
}
