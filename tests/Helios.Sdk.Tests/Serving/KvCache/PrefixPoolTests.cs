using FsCheck;
using FsCheck.Fluent;
using Helios.Sdk.Backends;
using Helios.Sdk.Serving.KvCache;

namespace Helios.Sdk.Tests.Serving.KvCache;

/// <summary>Blocks that are shared, cached, copied, moved and evicted; what each holds is checked against what it must hold.</summary>
public class PrefixPoolTests
{
    private static readonly CacheScope Anna = new("anna", IsGroup: false, 1);
    private static readonly CacheScope Ben = new("ben", IsGroup: false, 1);

    [Theory]
    [InlineData(3)]
    [InlineData(6)]
    [InlineData(200)]
    public void Whatever_happens_a_sequence_finds_its_own_KV_and_nobody_elses(int slabs)
    {
        var acts = Gen.ListOf(Gen.Zip(Gen.Choose(0, 12), Gen.Choose(0, 1 << 20))).Resize(150);
        Check.One(Config.QuickThrowOnFailure.WithMaxTest(150), Prop.ForAll(acts.ToArbitrary(), list =>
        {
            using var rig = new PrefixRig(slabs);
            foreach (var (kind, draw) in list) rig.Do(kind, draw);
            rig.ReleaseAll();
        }));
    }

    [Fact]
    public void What_one_has_computed_the_next_one_finds()
    {
        using var rig = new PrefixRig(8);
        rig.Release(rig.Start(Anna, Tokens(11)));
        rig.Pool.UsedBytes.Should().Be(0);
        rig.Pool.CachedBytes.Should().Be(2 * rig.BlockBytes, "two blocks are full");

        rig.Start(Anna, Tokens(11)).Found.Should().Be(8);
        rig.Start(Anna, Tokens(8)).Found.Should().Be(8);
        rig.Start(Anna, [.. Tokens(5), 99, 99, 99, 99]).Found.Should().Be(4);
        rig.Start(Anna, [99, .. Tokens(8)]).Found.Should().Be(0);
        rig.Start(Ben, Tokens(11)).Found.Should().Be(0);
        rig.Start(Anna, Tokens(11), model: 2).Found.Should().Be(0);
        rig.Start(Anna, Tokens(11), layers: 1).Found.Should().Be(0);
    }

    [Fact]
    public void Two_that_compute_the_same_at_once_end_up_with_one_block()
    {
        using var rig = new PrefixRig(8);
        var first = rig.Start(Anna, Tokens(7));
        var second = rig.Start(Anna, [.. Tokens(4), 9, 9, 9]);
        second.Table.Blocks[0].Should().Be(first.Table.Blocks[0]);

        rig.Extend(first, [50]);
        rig.Extend(second, [50]);
        second.Table.Blocks[1].Should().NotBe(first.Table.Blocks[1], "what came before differs");
        rig.Pool.UsedBytes.Should().Be(3 * rig.BlockBytes);
    }

    [Fact]
    public void The_least_recently_used_goes_first_and_never_before_what_follows_it()
    {
        using var rig = new PrefixRig(1);
        rig.Release(rig.Start(Anna, Tokens(8)));
        rig.Release(rig.Start(Anna, [7, 7, 7, 7]));
        rig.Release(rig.Start(Anna, Tokens(8)));
        rig.Fill(0);

        rig.Release(rig.Start(Ben, [1, 1, 1, 1]));
        rig.Find(Anna, [7, 7, 7, 7]).Should().Be(0, "it was the oldest");
        rig.Find(Anna, Tokens(8)).Should().Be(8);

        rig.Start(Ben, [2, 2, 2, 2]);
        rig.Find(Ben, [1, 1, 1, 1]).Should().Be(0, "the other was looked up since");
        rig.Start(Ben, [3, 3, 3, 3]);
        rig.Find(Anna, Tokens(8)).Should().Be(4, "its end goes before its beginning");
    }

    [Theory]
    [InlineData(0, true)]
    [InlineData(2, true)]
    [InlineData(3, true)]
    [InlineData(4, false)]
    public void A_scope_over_its_share_loses_its_own_before_anybody_else_does(int wanted, bool othersKeepTheirs)
    {
        // A slab of twelve blocks: a quarter are three. The other scope's block is the oldest of all.
        using var rig = new PrefixRig(1);
        var greedy = new CacheScope("greedy", IsGroup: false, 0.25);
        rig.Release(rig.Start(Ben, [5, 5, 5, 5]));
        for (var i = 0; i < 6; i++) rig.Release(rig.Start(greedy, [i, 0, 0, 0]));
        rig.Fill(0);
        rig.Pool.CachedBytes.Should().Be(7 * rig.BlockBytes, "nobody wants the memory");

        for (var i = 0; i < wanted; i++) rig.Start(Anna, [i, 9, 9, 9]);
        rig.Find(Ben, [5, 5, 5, 5]).Should().Be(othersKeepTheirs ? 4 : 0);
        for (var i = 0; i < 6; i++) rig.Find(greedy, [i, 0, 0, 0]).Should().Be(i < Math.Min(wanted, 3) ? 0 : 4);
    }

    [Fact]
    public void A_block_that_others_hold_is_copied_before_it_is_written()
    {
        using var rig = new PrefixRig(8);
        var first = rig.Start(Anna, Tokens(6));
        var second = rig.Fork(first);
        second.Table.Blocks[0].Should().Be(first.Table.Blocks[0]);
        second.Table.Blocks[1].Should().NotBe(first.Table.Blocks[1], "its sixth token is written again");

        var third = rig.Fork(first);
        rig.Extend(first, [1, 2]);
        rig.Extend(second, [3]);
        rig.Extend(third, [4]);
        rig.Check();
    }

    [Fact]
    public void Without_room_for_a_copy_a_block_that_one_alone_holds_leaves_the_index_instead()
    {
        using var rig = new PrefixRig(1);
        rig.Release(rig.Start(Anna, Tokens(8)));
        var whole = rig.Start(Anna, Tokens(8), own: false);
        rig.Fill(0);
        rig.Pool.TryOwn(whole.Table, 1).Should().BeTrue();
        rig.Pool.Verify(rig.Tables);
        rig.Find(Anna, Tokens(8)).Should().Be(4);

        var other = new BlockTable(whole.Table.Shape, 4);
        rig.Pool.Share(whole.Table, other, 2);
        rig.Pool.TryOwn(other, 1).Should().BeFalse("both need it, and there is no other");
        rig.Pool.Release(other);
    }

    [Fact]
    public void Blocks_that_two_hold_are_not_all_ones_own()
    {
        using var rig = new PrefixRig(1);
        var first = rig.Start(Anna, Tokens(6));
        rig.Pool.HoldsAlone(first.Table).Should().BeTrue();
        var other = new BlockTable(first.Table.Shape, 4);
        rig.Pool.Share(first.Table, other, 2);
        rig.Pool.HoldsAlone(first.Table).Should().BeFalse("with the other gone, its blocks can be written without a copy");

        rig.Pool.Release(other);
        rig.Pool.HoldsAlone(first.Table).Should().BeTrue();
    }

    [Fact]
    public void Memory_that_a_load_wants_comes_from_cached_blocks_though_used_ones_lie_between_them()
    {
        using var rig = new PrefixRig(4);
        var live = Enumerable.Range(0, 12).Select(i => rig.Start(Anna, [i, 1, 1, 1, 8, 8, 8, 8, 7, 7, 7, 7, 6, 6, 6, 6])).ToList();
        rig.Budget.Free.Should().BeLessThan(rig.Store.SlabBytes);
        foreach (var sequence in live.Where((_, i) => i % 4 != 0)) rig.Release(sequence);

        rig.Pool.Trim(3 * rig.Store.SlabBytes);
        rig.Budget.Free.Should().BeGreaterThanOrEqualTo(3 * rig.Store.SlabBytes);
        rig.Pool.UsedBytes.Should().Be(12 * rig.BlockBytes);
        rig.Check();
    }

    [Fact]
    public void A_shape_that_has_not_been_used_for_long_gives_way_to_one_that_is()
    {
        using var rig = new PrefixRig(2);
        rig.Release(rig.Start(Anna, Tokens(24 * 4), layers: 1));
        for (var i = 0; i < 12; i++) rig.Release(rig.Start(Anna, [i, 5, 5, 5]));
        rig.Pool.CachedBytes.Should().Be(2 * rig.Store.SlabBytes, "both slabs are full of cached blocks");

        rig.Start(Anna, [77, 5, 5, 5]);
        rig.Find(Anna, Tokens(24 * 4), layers: 1).Should().Be(0);
        Enumerable.Range(0, 12).Should().OnlyContain(i => rig.Find(Anna, new[] { i, 5, 5, 5 }, 1, 2) == 4);
    }

    [Fact]
    public void With_a_model_goes_all_that_ran_on_it()
    {
        using var rig = new PrefixRig(8);
        foreach (var scope in (CacheScope[])[Anna, Ben])
        {
            foreach (var model in (long[])[1, 2]) rig.Release(rig.Start(scope, Tokens(40), model: model));
        }

        rig.Pool.ForgetModel(1);
        rig.Pool.CachedBytes.Should().Be(20 * rig.BlockBytes);
        rig.Find(Anna, Tokens(40)).Should().Be(0);
        rig.Find(Ben, Tokens(40), model: 2).Should().Be(40);
        rig.Pool.ForgetModel(2);
        rig.Pool.CachedBytes.Should().Be(0);
    }

    [Fact]
    public void A_cache_that_is_full_allocates_nothing()
    {
        using var rig = new PrefixRig(2);
        var table = new BlockTable(new KvShape(2, 1, 1), 64);
        var tokens = Tokens(40);
        for (var i = 0; i < 40; i++) Turn(rig, table, tokens, i);

        var before = GC.GetAllocatedBytesForCurrentThread();
        for (var i = 40; i < 140; i++) Turn(rig, table, tokens, i);
        (GC.GetAllocatedBytesForCurrentThread() - before).Should().Be(0);
    }

    private static void Turn(PrefixRig rig, BlockTable table, int[] tokens, int turn)
    {
        // The root stays, as that of a tenant who is at work does; what follows is new.
        tokens[4] = turn;
        var key = new PrefixKey(Anna, 1, table.Shape);
        rig.Pool.Attach(table, key, tokens);
        rig.Pool.TryGrow(table, tokens.Length);
        for (var block = 0; block < 10; block++) rig.Pool.Enter(table, block, key, tokens.AsSpan(block * 4, 4));
        rig.Pool.Release(table);
    }

    private static int[] Tokens(int count) => [.. Enumerable.Range(0, count).Select(i => 100 + i)];
}
