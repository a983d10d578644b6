using Helios.Sdk.Backends;

namespace Helios.Sdk.Serving.KvCache;

/// <summary>What KV takes on the device. Immutable.</summary>
internal interface IKvSizes
{
    /// <summary>Bytes of a slab.</summary>
    long BytesPerSlab { get; }

    /// <summary>Bytes of a block of a shape.</summary>
    long BlockBytes(KvShape shape);
}
