using Helios.Sdk.Serving.KvCache;

namespace Helios.Sdk.Serving.Requests;

/// <summary>
/// What a sequence takes over of others' KV when it starts, and what it leaves to others as it goes. Only exact blocks are
/// left: every token in them, and before them, ran to the depth served. Belongs to the device thread.
/// </summary>
internal sealed class PromptCache(BlockPool blocks, ServingOptions options)
{
    private readonly CacheScopes scopes = new(options);
    private long promptTokens;
    private long hitTokens;

    /// <summary>Tokens of the prompts of all that started. Any thread.</summary>
    public long PromptTokens => Volatile.Read(ref promptTokens);

    /// <summary>Those of them whose KV was there. Any thread.</summary>
    public long HitTokens => Volatile.Read(ref hitTokens);

    /// <summary>
    /// Gives a sequence that starts, or starts again, blocks for all it knows: those others have computed, and fresh ones. False
    /// when there is no room, and then it may hold some.
    /// </summary>
    /// <param name="sequence">The sequence; it was settled where it runs.</param>
    /// <param name="kv">Its tables, empty.</param>
    /// <param name="reserve">What must stay obtainable for others.</param>
    public bool TryStart(Sequence sequence, KvTables kv, in KvReserve reserve)
    {
        // Without room for a single block the prompt need not be looked for, step after step.
        if (!kv.CanGrow(blocks, first: 0, end: 1, known: 1, reserve)) return false;
        var found = TakeOver(sequence, kv);
        var end = Math.Min(sequence.Known, found + options.MaxRowsPerStep);
        if (!kv.CanGrow(blocks, found, end, sequence.Known, reserve)) return false;
        if (!kv.TryGrow(blocks, found, end, sequence.Known) || !kv.TryOwn(blocks, found / blocks.TokensPerBlock)) return false;

        if (sequence.DepthOf(0) == 0)
        {
            Volatile.Write(ref promptTokens, promptTokens + sequence.PromptLength);
            Volatile.Write(ref hitTokens, hitTokens + found);
        }

        sequence.StartBehind(found);
        return true;
    }

    /// <summary>Tokens of a sequence were computed, beginning with <paramref name="first"/>: blocks that they complete are left to others.</summary>
    public void Leave(Sequence sequence, int first)
    {
        var size = blocks.TokensPerBlock;
        if (!Shares(sequence)) return;
        var end = Math.Min(sequence.Computed, sequence.Lease!.Served.LongestShared);
        for (var block = first / size; (block + 1) * size <= end; block++)
        {
            var tokens = sequence.Tokens.Slice(block * size, size);
            if (!sequence.RanWhole(block * size, size) || !sequence.Kv!.Enter(blocks, block, KeyOf(sequence), tokens)) return;
        }
    }

    /// <summary>Returns how many tokens came with KV: at most all but the last one known, for a row must run.</summary>
    private int TakeOver(Sequence sequence, KvTables kv)
    {
        if (sequence.Source is { Kv: { } theirs, Lease: { } lease } source && ReferenceEquals(lease.Served, sequence.Lease!.Served) && lease.Target.Depth == sequence.Lease.Target.Depth)
        {
            var shared = Math.Min(source.Computed, sequence.PromptLength - 1);
            if (kv.TryShare(blocks, theirs, shared)) return shared;
        }

        if (!Shares(sequence)) return 0;
        var exact = sequence.PromptLength;
        while (exact < sequence.Known && sequence.RanWhole(exact, 1)) exact++;
        return Math.Min(kv.Attach(blocks, KeyOf(sequence), sequence.Tokens[..exact]), sequence.Known - 1);
    }

    private bool Shares(Sequence sequence) => options.PrefixCache && sequence.RotaryLength <= sequence.Lease!.Served.LongestShared;

    private PrefixKey KeyOf(Sequence sequence) => new(scopes.Of(sequence.Tenant), sequence.Lease!.Served.Id, default);
}
