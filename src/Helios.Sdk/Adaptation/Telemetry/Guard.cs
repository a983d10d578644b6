using Helios.Sdk.Adaptation.Selection;
using Helios.Sdk.Serving.Requests;
using Helios.Sdk.Serving.Routing;

namespace Helios.Sdk.Adaptation.Telemetry;

/// <summary>
/// The breach counter of one published route. It trips once; a new one, which starts from nothing, takes its place when
/// another route is published or the trip was dealt with. It does not trip before a few requests have run their course:
/// right after a change every token opens an answer, and openings are the least certain.
/// Counts on the device thread, read by the adaptation loop.
/// </summary>
internal sealed class Guard(Route route, AdaptationOptions options)
{
    private readonly BreachCounter counter = new(options.BreachWindow, options.BreachLimit);

    // Compared as floats: 0.7f is less than 0.7.
    private readonly float target = (float)options.ConfidenceTarget;
    private int endedRequests;
    private int breachesAtTrip;

    public Route Route => route;

    /// <summary>Breaches in the window when it tripped; 0 until then.</summary>
    public int BreachesAtTrip => Volatile.Read(ref breachesAtTrip);

    /// <summary>Device thread: counts a token. True once, when the counter trips.</summary>
    public bool Count(Sequence sequence, int depth, float confidence)
    {
        if (breachesAtTrip > 0 || !ReferenceEquals(sequence.Route, route)) return false;
        var breach = depth < route.Lease.Model.Architecture.Layers && !(confidence >= target);
        if (!counter.Add(sequence.Id.Value, sequence.TenantKey, breach)) return false;
        if (endedRequests < options.RequestsPerCandidate) return false;
        Volatile.Write(ref breachesAtTrip, counter.Breaches);
        return true;
    }

    /// <summary>Device thread: a sequence ended.</summary>
    public void NoteEnd(Sequence sequence)
    {
        if (ReferenceEquals(sequence.Route, route)) endedRequests++;
    }
}
