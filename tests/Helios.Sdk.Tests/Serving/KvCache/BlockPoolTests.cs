using FsCheck;
using FsCheck.Fluent;
using Helios.Sdk.Backends;
using Helios.Sdk.Serving.KvCache;
using Helios.Sdk.Tests.Serving.Fakes;

namespace Helios.Sdk.Tests.Serving.KvCache;

public class BlockPoolTests
{
    private const long SlabBytes = 12 * 16 * sizeof(ulong);
    private static readonly KvShape[] Shapes = [new(1, 1, 1), new(2, 1, 1), new(3, 1, 1), new(12, 1, 1)];

    [Fact]
    public void Whatever_is_asked_of_it_no_block_is_lost_or_has_two_owners()
    {
        var acts = Gen.ListOf(Gen.Zip(Gen.Choose(0, 11), Gen.Zip(Gen.Choose(0, 9), Gen.Choose(0, 200)))).Resize(200);
        var cases = Gen.Zip(Gen.Choose(1, 8), acts).ToArbitrary();

        Check.One(Config.QuickThrowOnFailure.WithMaxTest(200), Prop.ForAll(cases, drawn =>
        {
            var (slabs, list) = drawn;
            using var rig = new Rig(slabs * SlabBytes + 100);
            foreach (var (table, (kind, tokens)) in list) rig.Do(table, kind, tokens);
            rig.ReleaseAll();
        }));
    }

    [Fact]
    public void Blocks_of_a_table_follow_each_other_while_nobody_is_in_the_way()
    {
        using var rig = new Rig(SlabBytes);
        var (first, second) = (rig.Tables[0], rig.Tables[4]);
        for (var blocks = 1; blocks <= 6; blocks++)
        {
            rig.Pool.TryGrow(first, blocks * 16).Should().BeTrue();
            rig.Pool.TryGrow(second, blocks * 16).Should().BeTrue();
        }

        foreach (var table in new[] { first, second })
        {
            var start = table.Blocks[0].Index;
            table.Blocks.ToArray().Select(block => block.Index).Should().Equal(Enumerable.Range(start, 6));
        }
    }

    [Fact]
    public void It_grows_whole_or_not_at_all()
    {
        using var rig = new Rig(SlabBytes);
        var table = rig.Tables[3];
        rig.Pool.TryGrow(table, 17).Should().BeFalse("two blocks of 12 layers need two slabs");

        table.Count.Should().Be(0);
        rig.Pool.UsedBytes.Should().Be(0);
        rig.Pool.TryGrow(table, 16).Should().BeTrue();
        rig.Pool.TryGrow(table, 17).Should().BeFalse();
        table.Count.Should().Be(1, "what it held before stays");
    }

    [Fact]
    public void What_the_device_lacks_is_not_counted_on_until_a_slab_goes()
    {
        using var rig = new Rig(3 * SlabBytes);
        rig.Store.Room = 1;
        rig.Pool.TryGrow(rig.Tables[3], 16).Should().BeTrue();
        rig.Pool.TryGrow(rig.Tables[7], 16).Should().BeFalse("the budget has room, the device has none");
        rig.Budget.Free.Should().Be(SlabBytes);
        rig.Pool.TryGrow(rig.Tables[7], 16).Should().BeFalse();
        rig.Budget.Free.Should().Be(0);

        rig.Pool.Release(rig.Tables[3]);
        rig.Pool.TryGrow(rig.Tables[7], 16).Should().BeTrue("the slab that came free is used");
        rig.Pool.Release(rig.Tables[7]);
        rig.Pool.Trim(SlabBytes);
        rig.Budget.Used.Should().Be(0);
    }

    [Fact]
    public void An_empty_slab_is_cut_for_another_shape_without_new_bytes()
    {
        using var rig = new Rig(SlabBytes);
        rig.Pool.TryGrow(rig.Tables[0], 12 * 16).Should().BeTrue();
        rig.Pool.TryGrow(rig.Tables[3], 1).Should().BeFalse();

        rig.Pool.Release(rig.Tables[0]);
        rig.Pool.TryGrow(rig.Tables[3], 1).Should().BeTrue();
        rig.Budget.Used.Should().Be(SlabBytes);
        rig.Store.LiveSlabs.Should().Be(1);
    }

    [Fact]
    public void Trimming_gives_back_as_many_empty_slabs_as_are_wanted_and_no_used_one()
    {
        using var rig = new Rig(4 * SlabBytes);
        rig.Pool.TryGrow(rig.Tables[3], 48).Should().BeTrue();
        rig.Pool.TryGrow(rig.Tables[7], 16).Should().BeTrue();
        rig.Pool.Release(rig.Tables[3]);
        rig.Budget.Free.Should().Be(0);

        rig.Pool.Trim(SlabBytes + 1);
        rig.Budget.Free.Should().Be(2 * SlabBytes);
        rig.Pool.Trim(long.MaxValue);
        rig.Budget.Free.Should().Be(3 * SlabBytes);
        rig.Pool.SlabBytes.Should().Be(SlabBytes);
        rig.Pool.Verify(rig.Tables);
    }

    [Fact]
    public void Peak_is_the_most_that_was_in_use()
    {
        using var rig = new Rig(4 * SlabBytes);
        rig.Pool.TryGrow(rig.Tables[0], 160);
        rig.Pool.Release(rig.Tables[0]);
        rig.Pool.TryGrow(rig.Tables[1], 16);

        rig.Pool.PeakBytes.Should().Be(10 * 16 * sizeof(ulong));
        rig.Pool.UsedBytes.Should().Be(2 * 16 * sizeof(ulong));
    }

    [Fact]
    public void A_slab_is_had_from_another_shape_by_moving_its_used_blocks_together()
    {
        using var rig = new Rig(2 * SlabBytes);
        var (first, second, other) = (rig.Tables[0], rig.Tables[4], rig.Tables[3]);
        rig.Pool.TryGrow(first, 12 * 16).Should().BeTrue();
        rig.Pool.TryGrow(second, 12 * 16).Should().BeTrue();
        foreach (var table in (BlockTable[])[first, second])
        {
            // Each keeps half of a slab; a third holds nothing any more.
            rig.Pool.Release(table);
            rig.Pool.TryGrow(table, 6 * 16);
        }

        rig.Fill(first, 1);
        rig.Fill(second, 2);
        rig.Pool.Obtainable(other.Shape).Should().Be(1);
        rig.Pool.TryGrow(other, 16).Should().BeTrue();

        rig.MustHold(first, 1);
        rig.MustHold(second, 2);
        rig.Pool.Obtainable(other.Shape).Should().Be(0);
        rig.Pool.Verify(rig.Tables);
    }

    [Fact]
    public void Verify_tells_a_lost_block_and_one_with_two_owners()
    {
        using var rig = new Rig(4 * SlabBytes);
        var table = rig.Tables[0];
        rig.Pool.TryGrow(table, 32);

        var lost = () => rig.Pool.Verify([]);
        lost.Should().Throw<InvalidOperationException>().WithMessage("0 tables hold*1 are counted*");
        var twice = () => rig.Pool.Verify([table, table]);
        twice.Should().Throw<InvalidOperationException>().WithMessage("2 tables hold*1 are counted*");
    }

    [Fact]
    public void Disposing_returns_every_byte_used_or_not()
    {
        var rig = new Rig(4 * SlabBytes);
        rig.Pool.TryGrow(rig.Tables[3], 32);
        rig.Pool.TryGrow(rig.Tables[7], 32);
        rig.Pool.Release(rig.Tables[3]);

        rig.Pool.Dispose();
        rig.Budget.Used.Should().Be(0);
        rig.Store.LiveSlabs.Should().Be(0);
    }

    /// <summary>A pool and twelve tables of four shapes, checked after every act.</summary>
    private sealed class Rig : IDisposable
    {
        public Rig(long budget)
        {
            Budget = new MemoryBudget(budget);
            Pool = new BlockPool(Store, Budget);
            Tables = [.. Enumerable.Range(0, 12).Select(i => new BlockTable(Shapes[i % Shapes.Length], 64))];
        }

        public FakeKvStore Store { get; } = new(SlabBytes);

        public MemoryBudget Budget { get; }

        public BlockPool Pool { get; }

        public BlockTable[] Tables { get; }

        public void Do(int index, int kind, int tokens)
        {
            var table = Tables[index];
            var before = table.Blocks.ToArray();
            var obtainable = Pool.Obtainable(table.Shape);
            switch (kind)
            {
                case < 7:
                    var grown = Pool.TryGrow(table, tokens);
                    Must(table.Count == (grown ? Math.Max(before.Length, Pool.BlocksFor(tokens)) : before.Length), "it grows whole or not at all");
                    Must(table.Blocks[..before.Length].SequenceEqual(before), "blocks in use never move");
                    Must(grown == (Pool.BlocksFor(tokens) - before.Length <= obtainable), "it refuses only what cannot be had");
                    Must(!grown || Pool.Obtainable(table.Shape) == obtainable - (table.Count - before.Length), "what was given is not to be had any more");
                    break;
                case < 9:
                    Pool.Release(table);
                    Must(table.Count == 0, "a released table is empty");
                    break;
                default:
                    Pool.Trim(tokens * 50);
                    break;
            }

            Check();
        }

        public void Fill(BlockTable table, ulong mark)
        {
            for (var i = 0; i < table.Count; i++) Store.Cell(table.Blocks[i], table.Shape.Layers, 0, 0) = mark * 100 + (ulong)i;
        }

        public void MustHold(BlockTable table, ulong mark)
        {
            for (var i = 0; i < table.Count; i++) Store.Cell(table.Blocks[i], table.Shape.Layers, 0, 0).Should().Be(mark * 100 + (ulong)i);
        }

        public void ReleaseAll()
        {
            foreach (var table in Tables) Pool.Release(table);
            Check();
            Pool.UsedBytes.Should().Be(0);
            Pool.Trim(long.MaxValue);
            Budget.Used.Should().Be(0);
        }

        public void Dispose() => Pool.Dispose();

        private void Check()
        {
            Pool.Verify(Tables);
            Must(Pool.UsedBytes == Tables.Sum(table => table.Count * Store.BlockBytes(table.Shape)), "used bytes are those of all tables");
            Must(Pool.SlabBytes == Budget.Used && Pool.SlabBytes == Store.LiveSlabs * SlabBytes, "slabs are what is reserved");
            Must(Budget.Used <= Budget.Limit, "the budget is never passed");
            var shapes = new Dictionary<int, KvShape>();
            foreach (var table in Tables)
            {
                foreach (var block in table.Blocks)
                {
                    Must(shapes.TryAdd(block.Slab, table.Shape) || shapes[block.Slab] == table.Shape, "a slab is cut for one shape");
                    Must(block.Index >= 0 && block.Index < Store.SlabBytes / Store.BlockBytes(table.Shape), "a block lies inside its slab");
                }
            }
        }

        // Checked tens of thousands of times: a fluent assertion would take minutes.
        private static void Must(bool holds, string what)
        {
            if (!holds) throw new InvalidOperationException($"Violated: {what}.");
        }
    }
}
