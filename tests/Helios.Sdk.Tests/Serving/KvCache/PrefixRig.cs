using Helios.Sdk.Backends;
using Helios.Sdk.Serving.KvCache;
using Helios.Sdk.Tests.Serving.Fakes;

namespace Helios.Sdk.Tests.Serving.KvCache;

/// <summary>
/// A pool with blocks of four tokens, and sequences that do with it what those of the engine do. The KV of a token is a number
/// made of all tokens before it and of whose they are, so that a block in the wrong hands shows.
/// </summary>
internal sealed class PrefixRig : IDisposable
{
    private const int Size = 4;
    private const int Slab = 12 * Size * 2 * sizeof(ulong);

    private static readonly CacheScope[] Scopes = [new("a", IsGroup: false, 0.3), new("a", IsGroup: true, 0.1), new("b", IsGroup: false, 1)];

    private readonly List<Live> live = [];
    private readonly List<BlockTable> fillers = [];
    private readonly HashSet<string> entered = new(StringComparer.Ordinal);
    private readonly bool evicts;

    public PrefixRig(int slabs)
    {
        evicts = slabs < 100;
        Store = new FakeKvStore(Slab, Size);
        Budget = new MemoryBudget((long)slabs * Slab + 10);
        Pool = new BlockPool(Store, Budget);
    }

    public FakeKvStore Store { get; }

    public MemoryBudget Budget { get; }

    public BlockPool Pool { get; }

    /// <summary>Bytes of a block of two layers, of which a slab has twelve.</summary>
    public long BlockBytes => Store.BlockBytes(new KvShape(2, 1, 1));

    public IEnumerable<BlockTable> Tables => live.Select(sequence => sequence.Table).Concat(fillers);

    /// <summary>Something or other.</summary>
    public void Do(int kind, int draw)
    {
        var random = new Random(draw);
        var any = live.Count == 0 ? null : live[random.Next(live.Count)];
        switch (kind)
        {
            case < 5 when live.Count < 10:
                TryStart(Scopes[random.Next(3)], Prompt(random), random.Next(1, 3), random.Next(1, 3), own: true);
                break;
            case < 8 when any is not null:
                TryExtend(any, [.. Enumerable.Range(0, random.Next(1, 9)).Select(_ => random.Next(2))], exact: random.Next(4) > 0);
                break;
            case 8 when any is { Tokens.Count: > 1 } && live.Count < 10:
                TryFork(any);
                break;
            case 9 or 10 when any is not null:
                Release(any);
                break;
            case 11:
                if (evicts) Pool.Trim(random.Next(3 * Slab));
                break;
            case 12 when live.TrueForAll(sequence => sequence.Key.Model != 2):
                Pool.ForgetModel(2);
                entered.RemoveWhere(name => name.StartsWith("2:", StringComparison.Ordinal));
                break;
        }

        Check();
    }

    public Live Start(CacheScope scope, int[] tokens, long model = 1, int layers = 2, bool own = true) =>
        TryStart(scope, tokens, model, layers, own) ?? throw new InvalidOperationException("There is no room.");

    public void Extend(Live sequence, int[] tokens)
    {
        if (!TryExtend(sequence, tokens, exact: true)) throw new InvalidOperationException("There is no room.");
    }

    public Live Fork(Live source) => TryFork(source) ?? throw new InvalidOperationException("There is no room.");

    public void Release(Live sequence)
    {
        Pool.Release(sequence.Table);
        live.Remove(sequence);
    }

    /// <summary>Takes memory until only so many blocks of two layers are to be had without evicting any.</summary>
    public void Fill(int left)
    {
        var filler = new BlockTable(new KvShape(2, 1, 1), 1000);
        fillers.Add(filler);
        var cached = Pool.CachedBytes / BlockBytes;
        Pool.TryGrow(filler, (int)(Pool.Obtainable(filler.Shape) - cached - left) * Size);
    }

    /// <summary>Tokens of a prompt that are found; they count as used now.</summary>
    public int Find(CacheScope scope, int[] tokens, long model = 1, int layers = 2)
    {
        var table = new BlockTable(new KvShape(layers, 1, 1), 100);
        var found = Pool.Attach(table, new PrefixKey(scope, model, table.Shape), tokens) * Size;
        Pool.Release(table);
        return found;
    }

    /// <summary>The pool's invariant holds, and every sequence finds what it computed.</summary>
    public void Check()
    {
        Pool.Verify(Tables);
        Must(Pool.SlabBytes == Budget.Used && Pool.SlabBytes == (long)Store.LiveSlabs * Slab, "slabs are what is reserved");
        foreach (var sequence in live) MustHoldItsOwn(sequence, sequence.Values.Count);
    }

    public void ReleaseAll()
    {
        while (live.Count > 0) Release(live[^1]);
        Check();
        Must(Pool.UsedBytes == 0, "nothing is used");
        Pool.Trim(long.MaxValue);
        Must(Pool.CachedBytes == 0 && Budget.Used == 0, "everything cached can be had back");
    }

    public void Dispose()
    {
        Pool.Dispose();
        Store.Dispose();
        Budget.Used.Should().Be(0);
    }

    private static int[] Prompt(Random random)
    {
        // Few beginnings, so that many meet.
        var family = random.Next(2);
        var common = random.Next(1, 20);
        return [.. Enumerable.Range(0, common).Select(i => family), .. Enumerable.Range(0, random.Next(6)).Select(_ => random.Next(3))];
    }

    private Live? TryStart(CacheScope scope, int[] tokens, long model, int layers, bool own)
    {
        var sequence = new Live(new PrefixKey(scope, model, new KvShape(layers, 1, 1)));
        var longest = Longest(sequence.Key, tokens);
        var attached = Pool.Attach(sequence.Table, sequence.Key, tokens);
        Must(evicts ? attached <= longest : attached == longest, "it finds what was entered, and no more");
        sequence.Found = attached * Size;
        sequence.Append(tokens[..sequence.Found], exact: true);
        MustHoldItsOwn(sequence, sequence.Found);
        sequence.DropLast(sequence.Found == tokens.Length ? 1 : 0);

        if (!Pool.TryGrow(sequence.Table, tokens.Length) || (own && !Pool.TryOwn(sequence.Table, sequence.Values.Count / Size)))
        {
            Pool.Release(sequence.Table);
            return null;
        }

        live.Add(sequence);
        if (own) Compute(sequence, tokens[sequence.Values.Count..], exact: true);
        return sequence;
    }

    private bool TryExtend(Live sequence, int[] tokens, bool exact)
    {
        if (!Pool.TryGrow(sequence.Table, sequence.Tokens.Count + tokens.Length) || !Pool.TryOwn(sequence.Table, sequence.Values.Count / Size)) return false;
        Compute(sequence, tokens, exact);
        return true;
    }

    private Live? TryFork(Live source)
    {
        var fork = new Live(source.Key);
        Pool.Share(source.Table, fork.Table, Pool.BlocksFor(source.Tokens.Count));
        fork.CopyFrom(source);
        fork.DropLast(1);
        if (!Pool.TryOwn(fork.Table, fork.Values.Count / Size))
        {
            Pool.Release(fork.Table);
            return null;
        }

        live.Add(fork);
        Compute(fork, [source.Tokens[^1]], source.IsExact(source.Tokens.Count - 1));
        return fork;
    }

    /// <summary>Writes tokens' KV, and enters the blocks that they complete if these are exact.</summary>
    private void Compute(Live sequence, int[] tokens, bool exact)
    {
        var first = sequence.Values.Count;
        sequence.Append(tokens, exact);
        for (var i = first; i < sequence.Values.Count; i++)
        {
            for (var layer = 0; layer < sequence.Key.Shape.Layers; layer++) Cell(sequence, i, layer) = sequence.Values[i] + (ulong)layer;
        }

        for (var block = first / Size; (block + 1) * Size <= sequence.Values.Count; block++)
        {
            if (!Enumerable.Range(block * Size, Size).All(sequence.IsExact)) return;
            int[] its = [.. sequence.Tokens.GetRange(block * Size, Size)];
            if (!Pool.Enter(sequence.Table, block, sequence.Key, its)) return;
            entered.Add(sequence.Name((block + 1) * Size));
        }
    }

    private int Longest(PrefixKey key, int[] tokens)
    {
        var probe = new Live(key);
        probe.Append(tokens, exact: true);
        var blocks = 0;
        while ((blocks + 1) * Size <= tokens.Length && entered.Contains(probe.Name((blocks + 1) * Size))) blocks++;
        return blocks;
    }

    private void MustHoldItsOwn(Live sequence, int count)
    {
        for (var i = 0; i < count; i++)
        {
            for (var layer = 0; layer < sequence.Key.Shape.Layers; layer++) Must(Cell(sequence, i, layer) == sequence.Values[i] + (ulong)layer, "its KV is its own");
        }
    }

    private ref ulong Cell(Live sequence, int position, int layer) =>
        ref Store.Cell(sequence.Table.Blocks[position / Size], sequence.Key.Shape.Layers, position % Size, layer);

    private static void Must(bool holds, string what)
    {
        if (!holds) throw new InvalidOperationException($"Violated: {what}.");
    }

    /// <summary>A sequence that holds KV.</summary>
    internal sealed class Live(PrefixKey key)
    {
        private readonly List<bool> exact = [];

        public PrefixKey Key { get; } = key;

        public BlockTable Table { get; } = new(key.Shape, 400);

        public List<int> Tokens { get; } = [];

        /// <summary>What the KV of every token must be.</summary>
        public List<ulong> Values { get; } = [];

        /// <summary>Tokens that came with KV.</summary>
        public int Found { get; set; }

        public bool IsExact(int position) => exact[position];

        public void Append(IEnumerable<int> tokens, bool exact)
        {
            foreach (var token in tokens)
            {
                var before = Values.Count > 0 ? Values[^1] : FakeMath.Embed(Key.GetHashCode(), 0);
                Values.Add(FakeMath.Next(before, (ulong)(token * 2 + (exact ? 0 : 1))));
                Tokens.Add(token);
                this.exact.Add(exact);
            }
        }

        public void CopyFrom(Live other)
        {
            Tokens.AddRange(other.Tokens);
            Values.AddRange(other.Values);
            exact.AddRange(other.exact);
        }

        public void DropLast(int count)
        {
            Tokens.RemoveRange(Tokens.Count - count, count);
            Values.RemoveRange(Values.Count - count, count);
            exact.RemoveRange(exact.Count - count, count);
        }

        public string Name(int count) => $"{Key.Model}:{Key}:{string.Join(',', Tokens.Take(count))}";
    }
}
