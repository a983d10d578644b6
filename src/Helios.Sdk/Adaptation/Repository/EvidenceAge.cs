using System.Collections.Immutable;
using Helios.Sdk.Adaptation.Candidates;

namespace Helios.Sdk.Adaptation.Repository;

/// <summary>
/// How evidence of a former run ages. Requests that are older than the oldest age are dropped; the others weigh
/// <c>2^(-age / half-life)</c>, where a half-life is a seventh of the oldest age. They are not weighed one by one: as many of
/// the latest are kept as all of them weigh together, so that what rests on less also counts as resting on less.
/// </summary>
/// <param name="oldest">Age at which evidence is worth nothing.</param>
internal sealed class EvidenceAge(TimeSpan oldest)
{
    private readonly TimeSpan halfLife = oldest / 7;

    /// <summary>What evidence is worth, 0..1. A time in the future, of a clock set back, is worth nothing.</summary>
    /// <param name="at">When it was gathered.</param>
    /// <param name="now">The time.</param>
    public double Weight(DateTimeOffset at, DateTimeOffset now)
    {
        var age = now - at;
        return age < TimeSpan.Zero || age > oldest ? 0 : Math.Pow(2, -(age / halfLife));
    }

    /// <summary>The requests that still count, in the order given.</summary>
    /// <param name="requests">Scored requests.</param>
    /// <param name="now">The time.</param>
    public ImmutableArray<ScoredRequest> Keep(IEnumerable<ScoredRequest> requests, DateTimeOffset now)
    {
        var alive = requests.Where(request => Weight(request.At, now) > 0).OrderBy(request => request.At).ToList();
        var count = (int)Math.Round(alive.Sum(request => Weight(request.At, now)));
        return [.. alive.TakeLast(count)];
    }
}
