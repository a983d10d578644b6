using Helios.Sdk.Serving.KvCache;

namespace Helios.Sdk.Tests.Serving.KvCache;

public class SlabSizeTests
{
    private const long MiB = 1 << 20;

    [Theory]
    [InlineData(64 * MiB, 1024, MiB)]
    [InlineData(MiB, 1024, MiB / 4)]
    [InlineData(64 * 1024 * MiB, 1024, 256 * MiB)]
    [InlineData(64 * MiB, MiB, 4 * MiB)]
    public void By_default_it_is_a_share_of_the_budget_and_holds_four_blocks(long budget, long block, long expected) =>
        SlabSize.For(asked: null, budget, block).Should().Be(expected);

    [Theory]
    [InlineData(5000, 1024, 5000)]
    [InlineData(5000, 6000, 6000)]
    public void What_is_asked_for_holds_a_block_at_least(long asked, long block, long expected) =>
        SlabSize.For(asked, 64 * MiB, block).Should().Be(expected);

    [Theory]
    [InlineData(64 * 1024 * MiB, 1024, 16, 4096 * MiB)]
    [InlineData(64 * MiB, 6 * MiB, 16, 6 * MiB)]
    public void A_device_may_ask_for_few(long budget, long block, int slabs, long expected) =>
        SlabSize.For(asked: null, budget, block, slabs).Should().Be(expected);
}
