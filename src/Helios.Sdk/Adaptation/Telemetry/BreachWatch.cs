using Helios.Sdk.Adaptation.Estimation;
using Helios.Sdk.Serving.Routing;

namespace Helios.Sdk.Adaptation.Telemetry;

/// <summary>
/// The breach counter of one published route. It trips once; a new one, which starts from nothing, takes its place when
/// another route is published or the trip was dealt with. It does not trip before a few requests have run their course:
/// right after a change every token opens an answer, and openings are the least certain.
/// Counts on the device thread, read by the adaptation loop.
/// </summary>
/// <param name="served">The published route; compared by reference, for the same point may be published again.</param>
/// <param name="options">Window and limit.</param>
/// <param name="target">Confidence below which a token is a breach.</param>
internal sealed class BreachWatch(Route served, AdaptationOptions options, double target)
{
    private readonly BreachCounter counter = new(options.BreachWindow, options.BreachLimit);
    private readonly int level = ConfidenceHistogram.LevelOf(target);
    private readonly int fullDepth = served.Lease.Model.Architecture.Layers;
    private int endedRequests;
    private int breachesAtTrip;

    public OperatingPoint Point => served.Point;

    /// <summary>Confidence below which a token is a breach.</summary>
    public double Target => target;

    /// <summary>Breaches in the window when it tripped; 0 until then.</summary>
    public int BreachesAtTrip => Volatile.Read(ref breachesAtTrip);

    /// <summary>Device thread: counts a token. True once, when the counter trips.</summary>
    public bool Count(in EmittedToken token)
    {
        if (breachesAtTrip > 0 || !ReferenceEquals(token.Route, served)) return false;
        var breach = token.Depth < fullDepth && ConfidenceHistogram.LevelOf(token.Confidence) < level;
        if (!counter.Add(token.Request, token.Tenant, breach)) return false;
        if (endedRequests < options.RequestsPerCandidate) return false;
        Volatile.Write(ref breachesAtTrip, counter.Breaches);
        return true;
    }

    /// <summary>Device thread: a sequence ended.</summary>
    /// <param name="route">What served it.</param>
    public void NoteEnd(Route route)
    {
        if (ReferenceEquals(route, served)) endedRequests++;
    }
}

/// <summary>A token as counting goes.</summary>
/// <param name="Route">The route that served it.</param>
/// <param name="Request">Its request.</param>
/// <param name="Tenant">A number for its tenant.</param>
/// <param name="Depth">Layers that it ran.</param>
/// <param name="Confidence">Calibrated, 0..1.</param>
internal readonly record struct EmittedToken(Route? Route, long Request, int Tenant, int Depth, float Confidence);
