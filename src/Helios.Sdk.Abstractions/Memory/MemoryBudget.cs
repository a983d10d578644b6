namespace Helios.Sdk.Backends;

/// <summary>
/// The one budget that weights, workspaces and KV slabs share, accounted to the byte: nothing native is allocated
/// without a reservation, and a reservation that would exceed the limit is refused. Thread-safe.
/// </summary>
public sealed class MemoryBudget
{
    private readonly Lock gate = new();
    private long limit;
    private long used;
    private long peak;

    /// <summary>Creates a budget.</summary>
    /// <param name="limit">Maximum bytes reserved at one time; above 0.</param>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="limit"/> is 0 or less.</exception>
    public MemoryBudget(long limit)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(limit);
        this.limit = limit;
    }

    /// <summary>Maximum bytes that may be reserved at one time.</summary>
    public long Limit
    {
        get { lock (gate) return limit; }
    }

    /// <summary>Bytes reserved now.</summary>
    public long Used
    {
        get { lock (gate) return used; }
    }

    /// <summary>Maximum of the bytes reserved at one time so far.</summary>
    public long Peak
    {
        get { lock (gate) return peak; }
    }

    /// <summary>Bytes still free.</summary>
    public long Free
    {
        get { lock (gate) return limit - used; }
    }

    /// <summary>Sets the limit; false if more bytes are reserved already.</summary>
    /// <param name="bytes">New maximum of bytes reserved at one time; above 0.</param>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="bytes"/> is 0 or less.</exception>
    public bool TrySetLimit(long bytes)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(bytes);
        lock (gate)
        {
            if (bytes < used) return false;
            limit = bytes;
            return true;
        }
    }

    /// <summary>Reserves bytes, or returns null if they do not fit: an expected outcome, not an error.</summary>
    /// <param name="bytes">Bytes to reserve, 0 or more.</param>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="bytes"/> is negative.</exception>
    public MemoryReservation? TryReserve(long bytes)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(bytes);
        lock (gate)
        {
            if (bytes > limit - used) return null;
            used += bytes;
            peak = Math.Max(peak, used);
        }

        return new MemoryReservation(this, bytes);
    }

    internal void Return(long bytes)
    {
        lock (gate)
        {
            if (bytes > used) throw new InvalidOperationException(Invariant($"{bytes} bytes returned to a budget of which {used} are in use."));
            used -= bytes;
        }
    }
}

/// <summary>A claim on bytes of a <see cref="MemoryBudget"/>. Its owner disposes it once; disposing again does nothing.</summary>
public sealed class MemoryReservation : IDisposable
{
    private readonly MemoryBudget budget;
    private long bytes;

    internal MemoryReservation(MemoryBudget budget, long bytes)
    {
        this.budget = budget;
        this.bytes = bytes;
    }

    /// <summary>Bytes claimed; 0 after <see cref="Dispose"/>.</summary>
    public long Bytes => Interlocked.Read(ref bytes);

    /// <summary>Splits off a part of the claim as a new claim, which the caller owns.</summary>
    /// <param name="part">Bytes to move, at most <see cref="Bytes"/>.</param>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="part"/> is negative, or above <see cref="Bytes"/>.</exception>
    public MemoryReservation Split(long part)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(part);
        long held;
        do
        {
            held = Interlocked.Read(ref bytes);
            if (part > held) throw new ArgumentOutOfRangeException(nameof(part), part, Invariant($"The reservation holds {held} bytes."));
        }
        while (Interlocked.CompareExchange(ref bytes, held - part, held) != held);
        return new MemoryReservation(budget, part);
    }

    /// <summary>Returns the bytes to the budget.</summary>
    public void Dispose()
    {
        var held = Interlocked.Exchange(ref bytes, 0);
        if (held > 0) budget.Return(held);
    }
}
