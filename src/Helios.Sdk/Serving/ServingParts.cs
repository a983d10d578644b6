using Helios.Sdk.Scheduling;
using Helios.Sdk.Serving.KvCache;
using Helios.Sdk.Serving.Requests;

namespace Helios.Sdk.Serving;

/// <summary>What a serving loop works with.</summary>
internal sealed record ServingParts(
    ServingOptions Options,
    IScheduler Scheduler,
    BlockPool Blocks,
    DeviceWork Work,
    IServingObserver Observer,
    TimeProvider Time)
{
    /// <summary>The sequences that live.</summary>
    public SequenceTable Sequences { get; init; } = new();

    /// <summary>What other threads may read of the loop.</summary>
    public ServingState State { get; init; } = new();
}
