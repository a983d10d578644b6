using Helios.Sdk.Backends;

namespace Helios.Backends.Testing.Memory;

/// <summary>Slabs of KV: accounted, addressed, copied.</summary>
public abstract class KvStoreContract<TBackend> : BackendContract<TBackend>
    where TBackend : BackendUnderTest, new()
{
    [SkippableFact]
    public void Slabs_are_accounted_and_their_indices_used_again()
    {
        using var backend = Backend.Create(new BackendSetup(Threads: 1));
        var budget = new MemoryBudget(1 << 20);
        using (var store = backend.CreateKvStore(10_000, 32))
        {
            var slab = store.SlabBytes;
            slab.Should().BeInRange(10_000, 12_000, "a device takes memory in grains");
            store.AddSlab(budget.TryReserve(slab)!).Should().Be(0);
            store.AddSlab(budget.TryReserve(slab)!).Should().Be(1);
            (Backend.AllocatedBytes(backend), budget.Used).Should().Be((2 * slab, 2 * slab));
            store.RemoveSlab(0);
            (Backend.AllocatedBytes(backend), budget.Used).Should().Be((slab, slab));
            var again = () => store.RemoveSlab(0);
            again.Should().Throw<ArgumentOutOfRangeException>();
            store.AddSlab(budget.TryReserve(slab)!).Should().Be(0);
        }

        (Backend.AllocatedBytes(backend), budget.Used).Should().Be((0L, 0L));
    }

    [SkippableTheory]
    [MemberData(nameof(KvPrecisions))]
    public void What_follows_copied_blocks_is_what_follows_those_copied(Precision precision)
    {
        using var session = new Session(Backend, new MemoryCheckpoint(MemoryCheckpoint.Architecture()), kvPrecision: precision);
        int[] tokens = [.. Enumerable.Range(0, 40).Select(i => i * 7 % session.Architecture.VocabularySize)];
        var own = session.Table(tokens.Length);
        session.Run(own, tokens.AsSpan(0, 35), 0);
        var expected = session.Run(own, tokens.AsSpan(35), 35);

        var copy = session.Table(tokens.Length);
        for (var i = 0; i < own.Length; i++) session.Kv.CopyBlock(session.Shape(group: 0), own[i], copy[i]);
        session.MustBeSame(session.Run(copy, tokens.AsSpan(35), 35), expected);
        session.Run(own, tokens.AsSpan(30), 0);
        session.MustBeSame(session.Run(copy, tokens.AsSpan(35), 35), expected, "a copy is nobody else's");
    }

    [SkippableTheory]
    [MemberData(nameof(KvPrecisions))]
    public void A_sequence_may_lie_in_several_slabs(Precision precision)
    {
        using var session = new Session(Backend, new MemoryCheckpoint(MemoryCheckpoint.Architecture()), blocks: 5, kvPrecision: precision);
        int[] tokens = [.. Enumerable.Range(0, 60).Select(i => i * 7 % session.Architecture.VocabularySize)];
        var expected = session.Run([new(0, 0), new(0, 1), new(0, 2), new(0, 3)], tokens, 0);

        session.Kv.AddSlab(session.Budget.TryReserve(session.Kv.SlabBytes)!).Should().Be(1);
        session.Kv.AddSlab(session.Budget.TryReserve(session.Kv.SlabBytes)!).Should().Be(2);
        KvBlock[] table = [new(2, 4), new(0, 4), new(1, 0), new(2, 0)];
        session.MustBeSame(session.Run(table, tokens, 0), expected);

        // Another sequence may come and go, with its slab, beside it.
        session.Run([new(1, 1), new(1, 2)], tokens.AsSpan(0, 20), 0);
        session.Kv.CopyBlock(session.Shape(group: 0), new(1, 0), new(0, 0));
        session.Kv.RemoveSlab(1);
        table[2] = new(0, 0);
        session.Run(table, tokens.AsSpan(0, 33), 0);
        var again = session.Run(table, tokens.AsSpan(33), 33);
        for (var i = 0; i < again.Length; i++) session.MustBeSameButTarget(again[i], expected[33 + i], $"position {33 + i}");
        var gone = () => session.Run([new(1, 0)], [1], 0);
        gone.Should().Throw<ArgumentException>("slab 1 was removed");
    }

    [SkippableFact]
    public void Only_blocks_of_the_store_are_copied()
    {
        using var backend = Backend.Create(new BackendSetup(Threads: 1));
        var shape = new KvShape(1, 1, 16);
        using var probe = backend.CreateKvStore(1, 16);
        using var store = backend.CreateKvStore(2 * probe.BlockBytes(shape), 16);
        store.AddSlab(new MemoryBudget(1 << 20).TryReserve(store.SlabBytes)!);
        var outside = () => store.CopyBlock(shape, new KvBlock(0, 0), new KvBlock(0, 2));
        outside.Should().Throw<ArgumentOutOfRangeException>();
        var missing = () => store.CopyBlock(shape, new KvBlock(1, 0), new KvBlock(0, 1));
        missing.Should().Throw<ArgumentOutOfRangeException>();
    }

    [SkippableTheory]
    [InlineData(0, 16)]
    [InlineData(100, 0)]
    [InlineData(100, 24)]
    public void Sizes_are_checked(long slabBytes, int tokensPerBlock)
    {
        using var backend = Backend.Create(new BackendSetup(Threads: 1));
        var create = () => backend.CreateKvStore(slabBytes, tokensPerBlock);
        create.Should().Throw<ArgumentException>();
    }
}
