using FsCheck;
using FsCheck.Fluent;
using Helios.Sdk.Serving.KvCache;

namespace Helios.Sdk.Tests.Serving.KvCache;

public class FreeRunsTests
{
    [Fact]
    public void Whatever_is_taken_and_returned_it_says_what_a_plain_list_of_free_blocks_says()
    {
        var acts = Gen.ListOf(Gen.Zip(Gen.Choose(0, 3), Gen.Choose(0, 1000))).Resize(300);
        Check.One(Config.QuickThrowOnFailure.WithMaxTest(300), Prop.ForAll(Gen.Zip(Gen.Choose(1, 70), acts).ToArbitrary(), drawn =>
        {
            var (blocks, list) = drawn;
            var runs = new FreeRuns(blocks);
            var free = Enumerable.Repeat(true, blocks).ToArray();
            foreach (var (kind, number) in list)
            {
                var block = number % blocks;
                if (kind == 0 && !free[block])
                {
                    runs.Return(block);
                    free[block] = true;
                }
                else if (kind == 1 && !free[block])
                {
                    var isFree = block + 1 < blocks && free[block + 1];
                    runs.TryTakeAfter(block).Should().Be(isFree);
                    if (isFree) free[block + 1] = false;
                }
                else if (runs.Count > 0)
                {
                    var longest = Longest(free);
                    var taken = runs.Take();
                    free[taken].Should().BeTrue("a block has one owner");
                    (2 * LengthAround(free, taken)).Should().BeGreaterThan(longest, "no run is twice as long");
                    free[taken] = false;
                }

                runs.Count.Should().Be(free.Count(block => block));
            }
        }));
    }

    [Fact]
    public void Those_that_grow_in_turn_each_keep_to_one_run_while_there_is_room()
    {
        var runs = new FreeRuns(1024);
        var last = Enumerable.Range(0, 8).Select(_ => runs.Take()).ToArray();
        for (var step = 1; step < 128; step++)
        {
            for (var i = 0; i < last.Length; i++) runs.TryTakeAfter(last[i]++).Should().BeTrue($"sequence {i} at step {step}");
        }

        runs.Count.Should().Be(0);
    }

    private static int Longest(bool[] free) => Enumerable.Range(0, free.Length).Where(block => free[block]).Max(block => LengthAround(free, block));

    private static int LengthAround(bool[] free, int block)
    {
        var (first, last) = (block, block);
        while (first > 0 && free[first - 1]) first--;
        while (last + 1 < free.Length && free[last + 1]) last++;
        return last - first + 1;
    }
}
