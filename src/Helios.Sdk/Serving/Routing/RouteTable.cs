using System.Collections.Immutable;
using Helios.Sdk.ExitPolicies;
using Helios.Sdk.Serving.Drafting;

namespace Helios.Sdk.Serving.Routing;

/// <summary>Where new requests go: a claim, and the exit policy to serve it with.</summary>
/// <param name="Point">What is served, for people.</param>
/// <param name="Lease">Claim on the loaded layers; the route table's publisher owns it.</param>
/// <param name="Policy">Per-token exits among the loaded layers.</param>
internal sealed record Route(OperatingPoint Point, ModelLease Lease, IExitPolicy Policy)
{
    public int Depth => Point.Target.Depth;

    /// <summary>Bytes of KV that one sequence of a usual length takes here: what a load elsewhere must leave.</summary>
    public long KvFloor { get; init; }

    /// <summary>Depths below <see cref="Depth"/>, ascending, at which the policy checks an exit.</summary>
    public ImmutableArray<int> CheckDepths { get; } = ExitChoice.Of(Lease.Model, Point.Target.Depth, Policy);

    /// <summary>How far to draft; null when every token runs on its own.</summary>
    public DraftControl? Drafts { get; } = Point.DraftDepth is { } draftDepth ? new DraftControl(draftDepth, Point.Target.Depth) : null;

    /// <summary>Whether the policy checks the exit at a depth.</summary>
    public bool ChecksAt(int depth) => CheckDepths.BinarySearch(depth) >= 0;
}

/// <summary>A candidate that answers the next few requests while it is evaluated.</summary>
internal sealed class EvaluationRoute(Route route, int requests)
{
    private int left = requests;

    public Route Route { get; } = route;

    /// <summary>Whether it still takes requests.</summary>
    public bool IsOpen => Volatile.Read(ref left) > 0;

    /// <summary>Takes one of its requests; false when it has had all of them.</summary>
    public bool TryTake() => Interlocked.Decrement(ref left) >= 0;
}

/// <summary>The immutable table the adaptation loop publishes and the serving loop reads between steps.</summary>
/// <param name="Version">Rises with every publication.</param>
/// <param name="Serving">Where requests go.</param>
/// <param name="Evaluation">Where the next few go instead, if a candidate is being evaluated.</param>
/// <param name="MaxBatch">Most sequences that may run together; null when as many as fit may. Those that run already run to their end.</param>
internal sealed record RouteTable(long Version, Route Serving, EvaluationRoute? Evaluation, int? MaxBatch)
{
    /// <summary>Bytes of KV that one sequence of a usual length takes wherever new requests may go.</summary>
    public long KvFloor { get; } = Math.Max(Serving.KvFloor, Evaluation?.Route.KvFloor ?? 0);
}

/// <summary>Holds the present route table: one writer swaps one reference.</summary>
internal sealed class Routes
{
    private RouteTable? table;

    /// <summary>The present table; null until the first model serves.</summary>
    public RouteTable? Current => Volatile.Read(ref table);

    /// <summary>Publishes a table. Claims that only the old one held may be disposed afterwards.</summary>
    public void Publish(Route serving, EvaluationRoute? evaluation = null, int? maxBatch = null) =>
        Volatile.Write(ref table, new RouteTable((table?.Version ?? 0) + 1, serving, evaluation, maxBatch));
}
