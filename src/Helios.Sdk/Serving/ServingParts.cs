using Helios.Sdk.Serving.KvCache;

namespace Helios.Sdk.Serving;

/// <summary>What a serving loop works with.</summary>
internal sealed record ServingParts(
    ServingOptions Options,
    IScheduler Scheduler,
    BlockPool Blocks,
    DeviceWork Work,
    IServingObserver Observer,
    TimeProvider Time);
