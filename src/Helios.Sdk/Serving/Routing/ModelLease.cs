using Helios.Sdk.Models;

namespace Helios.Sdk.Serving.Routing;

/// <summary>
/// A counted claim on loaded layers: what a route holds, and a sequence from its first step to its last. A claim can be
/// shared only while one is live (<see cref="TryShare"/> fails at zero), so nothing runs on freed layers.
/// </summary>
internal sealed class ModelLease : IModelLease
{
    private readonly Claim claim;
    private int disposed;

    private ModelLease(Claim claim) => this.claim = claim;

    public LoadTarget Target => claim.Target;

    public CheckpointInfo Model => claim.Served.Info;

    /// <summary>The model it runs on.</summary>
    public ServedModel Served => claim.Served;

    /// <summary>A first claim; <paramref name="release"/> runs once, after the last share is disposed, on that thread.</summary>
    public static ModelLease Create(LoadTarget target, ServedModel served, Action release) => new(new Claim(target, served, release));

    /// <summary>Another claim on the same, or null when the last one is gone already.</summary>
    public ModelLease? TryShare() => Volatile.Read(ref disposed) == 0 && claim.TryAdd() ? new ModelLease(claim) : null;

    public void Dispose()
    {
        if (Interlocked.Exchange(ref disposed, 1) == 0) claim.Remove();
    }

    private sealed class Claim(LoadTarget target, ServedModel served, Action release)
    {
        private int count = 1;

        public LoadTarget Target => target;

        public ServedModel Served => served;

        public bool TryAdd()
        {
            for (var seen = Volatile.Read(ref count); seen > 0;)
            {
                var now = Interlocked.CompareExchange(ref count, seen + 1, seen);
                if (now == seen) return true;
                seen = now;
            }

            return false;
        }

        public void Remove()
        {
            if (Interlocked.Decrement(ref count) == 0) release();
        }
    }
}
