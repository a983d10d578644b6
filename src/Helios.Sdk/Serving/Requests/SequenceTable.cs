using Helios.Sdk.Scheduling;
using Helios.Sdk.Serving.KvCache;

namespace Helios.Sdk.Serving.Requests;

/// <summary>The sequences that live, waiting or running. Belongs to the device thread.</summary>
internal sealed class SequenceTable
{
    private readonly Dictionary<RequestId, Sequence> live = [];
    private readonly HashSet<Sequence> begun = [];
    private long hostBytes;

    /// <summary>Sequences that hold KV.</summary>
    public int Running { get; private set; }

    /// <summary>How often a sequence had to give its KV up and go on later.</summary>
    public long Preemptions { get; private set; }

    /// <summary>Bytes of host memory that all of them take; any thread.</summary>
    public long HostBytes => Volatile.Read(ref hostBytes);

    public int Count => live.Count;

    public Dictionary<RequestId, Sequence>.ValueCollection All => live.Values;

    /// <summary>Those that have run: they hold KV, or gave it up and come back for it. Few beside those that wait.</summary>
    public HashSet<Sequence> Begun => begun;

    public Sequence? Find(RequestId id) => live.GetValueOrDefault(id);

    public void Add(Sequence sequence)
    {
        live.Add(sequence.Id, sequence);
        CountBytes(sequence);
    }

    /// <summary>A sequence has grown: counts what it takes now.</summary>
    public void CountBytes(Sequence sequence) => SetBytes(sequence, sequence.HostBytes);

    public void Remove(Sequence sequence, BlockPool blocks)
    {
        DropKv(sequence, blocks);
        if (live.Remove(sequence.Id)) SetBytes(sequence, 0);
        begun.Remove(sequence);
    }

    public void GiveKv(Sequence sequence, KvTables kv)
    {
        sequence.Kv = kv;
        sequence.Place?.Leave();
        begun.Add(sequence);
        Running++;
    }

    /// <summary>Takes a sequence's KV back; it will compute its tokens again. False when it holds none.</summary>
    public bool Preempt(Sequence sequence, BlockPool blocks)
    {
        if (!DropKv(sequence, blocks)) return false;
        Preemptions++;
        return true;
    }

    /// <summary>
    /// Takes the KV of the least urgent sequence that holds any and has progressed since it last lost it, the latest arrival of
    /// these; it computes its tokens again later. False when there is none.
    /// </summary>
    public bool PreemptLeast(BlockPool blocks) => FindLeastUrgent() is { } least && Preempt(least, blocks);

    /// <summary>Of those that hold KV and have progressed since they last lost it, the one to give way first: of the lowest priority, the latest.</summary>
    public Sequence? FindLeastUrgent()
    {
        Sequence? least = null;
        foreach (var sequence in begun)
        {
            if (sequence is { Kv: not null, HasProgressed: true } && (least is null || GivesWayBefore(sequence, least))) least = sequence;
        }

        return least;
    }

    private void SetBytes(Sequence sequence, long bytes)
    {
        Volatile.Write(ref hostBytes, hostBytes + bytes - sequence.CountedBytes);
        sequence.CountedBytes = bytes;
    }

    private static bool GivesWayBefore(Sequence one, Sequence other) => one.Request.Priority != other.Request.Priority
        ? one.Request.Priority < other.Request.Priority
        : one.Id.Value > other.Id.Value;

    private bool DropKv(Sequence sequence, BlockPool blocks)
    {
        if (sequence.Kv is not { } kv) return false;
        kv.Release(blocks);
        sequence.Kv = null;
        sequence.Restart();
        Running--;
        return true;
    }
}
