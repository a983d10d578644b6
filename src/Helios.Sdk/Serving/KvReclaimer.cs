using Helios.Sdk.Backends;
using Helios.Sdk.Serving.KvCache;
using Helios.Sdk.Serving.Requests;
using Helios.Sdk.Serving.Routing;

namespace Helios.Sdk.Serving;

/// <summary>
/// Finds bytes for a load: what is free in the budget, then empty KV slabs, then those that cached blocks fill, then the KV of
/// the least urgent, latest arrivals. It never takes so much that the largest live sequence could not run to its end, or that none
/// could begin where new requests go.
/// </summary>
internal sealed class KvReclaimer(MemoryBudget budget, BlockPool blocks, SequenceTable sequences, Routes routes, DeviceWork work)
{
    /// <summary>Most rows of a step.</summary>
    public required int MaxRowsPerStep { get; init; }

    /// <summary>KV that one sequence of a usual length takes where new requests go. Any thread.</summary>
    public long ForNext => routes.Current?.KvFloor ?? 0;

    /// <summary>Reserves bytes, or says how many could have been had.</summary>
    /// <param name="bytes">Bytes of the load.</param>
    /// <param name="kvBytes">KV that must still fit beside it, so that what is loaded can serve.</param>
    public Task<(MemoryReservation? Reservation, long Available)> ReserveAsync(long bytes, long kvBytes) =>
        work.RunUrgentAsync(() => Reserve(bytes, kvBytes));

    /// <summary>Device thread: claims bytes that were given back just now. They are there: no other thread claims any on another thread.</summary>
    public MemoryReservation Retake(long bytes) => budget.TryReserve(bytes)
        ?? throw new InvalidOperationException(Invariant($"{bytes} bytes were to be free, but {budget.Free} are."));

    /// <summary>Any thread: a model is gone, and what was cached of it is worth nothing.</summary>
    public void Forget(ServedModel model) => _ = work.RunUrgentAsync(() =>
    {
        blocks.ForgetModel(model.Id);
        return true;
    });

    /// <summary>Bytes of whole slabs that one sequence of so many tokens takes at most.</summary>
    public long SlabBytesFor(KvParts parts, int tokens) => parts.SlabBytes(blocks, tokens, MaxRowsPerStep);

    /// <summary>The same, on the device thread.</summary>
    public (MemoryReservation? Reservation, long Available) Reserve(long bytes, long kvBytes)
    {
        var available = budget.Limit - (budget.Used - blocks.SlabBytes) - blocks.PinnedBytes - Math.Max(Math.Max(kvBytes, ForNext), LargestLive());
        if (bytes > available) return (null, Math.Max(0, available));

        while (true)
        {
            blocks.Trim(bytes);
            if (budget.TryReserve(bytes) is { } reservation) return (reservation, available);
            if (!sequences.PreemptLeast(blocks)) return (null, budget.Free);
        }
    }

    /// <summary>
    /// Lowers the budget, or raises it. False while what is on the device does not fit it with the largest live sequence: some of
    /// that goes when sequences end.
    /// </summary>
    /// <param name="limit">Bytes from now on.</param>
    public Task<bool> TryLimitAsync(long limit) => work.RunUrgentAsync(() => TryLimit(limit));

    private bool TryLimit(long limit)
    {
        if (budget.Used - blocks.SlabBytes + blocks.PinnedBytes + LargestLive() > limit) return false;
        while (!budget.TrySetLimit(limit))
        {
            blocks.Trim(budget.Limit - limit);
            if (budget.TrySetLimit(limit)) return true;
            if (!sequences.PreemptLeast(blocks)) return false;
        }

        return true;
    }

    /// <summary>KV of the live sequence that takes most at its full length.</summary>
    private long LargestLive()
    {
        long bytes = 0;
        foreach (var sequence in sequences.Begun) bytes = Math.Max(bytes, SlabBytesFor(sequence.KvParts, sequence.Capacity));
        return bytes;
    }
}
