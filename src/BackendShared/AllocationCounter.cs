namespace Helios.Sdk.BackendShared;

/// <summary>Bytes of native memory that a backend holds at present. Thread-safe.</summary>
internal sealed class AllocationCounter
{
    private long bytes;

    public long Bytes => Interlocked.Read(ref bytes);

    public void Add(long change) => Interlocked.Add(ref bytes, change);
}
