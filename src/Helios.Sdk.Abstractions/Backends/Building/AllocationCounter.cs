namespace Helios.Sdk.Backends;

/// <summary>Bytes of native memory that a backend holds at present. Thread-safe.</summary>
public sealed class AllocationCounter
{
    private long bytes;

    /// <summary>Bytes held now.</summary>
    public long Bytes => Interlocked.Read(ref bytes);

    /// <summary>Counts an allocation, or with a negative number that it was freed.</summary>
    /// <param name="change">Bytes.</param>
    public void Add(long change) => Interlocked.Add(ref bytes, change);
}
