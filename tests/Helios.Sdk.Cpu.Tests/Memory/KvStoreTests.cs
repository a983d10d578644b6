using Helios.Sdk.Cpu.Tests.Support;

namespace Helios.Sdk.Cpu.Tests.Memory;

public sealed class KvStoreTests
{
    [Fact]
    public void Slabs_are_accounted_and_their_indices_used_again()
    {
        using var backend = new CpuBackend(new CpuOptions { Threads = 1 });
        var budget = new MemoryBudget(1 << 20);
        using (var store = backend.CreateKvStore(10_000, 32))
        {
            store.AddSlab(budget.TryReserve(10_000)!).Should().Be(0);
            store.AddSlab(budget.TryReserve(10_000)!).Should().Be(1);
            (backend.AllocatedBytes, budget.Used).Should().Be((20_000L, 20_000L));
            store.RemoveSlab(0);
            (backend.AllocatedBytes, budget.Used).Should().Be((10_000L, 10_000L));
            var again = () => store.RemoveSlab(0);
            again.Should().Throw<ArgumentOutOfRangeException>();
            store.AddSlab(budget.TryReserve(10_000)!).Should().Be(0);
        }

        (backend.AllocatedBytes, budget.Used).Should().Be((0L, 0L));
    }

    [Fact]
    public void A_block_holds_keys_and_padded_values_of_every_layer()
    {
        using var backend = new CpuBackend(new CpuOptions { Threads = 1 });
        using var store = backend.CreateKvStore(1 << 20, 32);
        store.BlockBytes(new KvShape(12, 4, 64)).Should().Be(12 * 4 * 32 * (64 + 64) * 4);
        store.BlockBytes(new KvShape(3, 4, 64)).Should().Be(store.BlockBytes(new KvShape(12, 4, 64)) / 4);
        store.BlockBytes(new KvShape(1, 2, 8)).Should().Be(2 * 32 * (8 + 16) * 4);
    }

    [Fact]
    public void Bf16_takes_half_the_bytes()
    {
        using var backend = new CpuBackend(new CpuOptions { Threads = 1, KvPrecision = Precision.Bf16 });
        using var store = backend.CreateKvStore(1 << 20, 32);
        store.BlockBytes(new KvShape(12, 4, 64)).Should().Be(12 * 4 * 32 * (64 + 64) * 2);
        store.BlockBytes(new KvShape(1, 2, 8)).Should().Be(2 * 32 * (8 + 16) * 2);
    }

    [Theory]
    [InlineData(Precision.Fp32)]
    [InlineData(Precision.Bf16)]
    public void What_follows_copied_blocks_is_bit_for_bit_what_follows_those_copied(Precision precision)
    {
        using var session = new Session(new RandomCheckpoint(RandomCheckpoint.Architecture()), kvPrecision: precision);
        int[] tokens = [.. Enumerable.Range(0, 40).Select(i => i * 7 % session.Architecture.VocabularySize)];
        var own = session.Table(tokens.Length);
        session.Run(own, tokens.AsSpan(0, 35), 0);
        var expected = session.Run(own, tokens.AsSpan(35), 35);

        var copy = session.Table(tokens.Length);
        for (var i = 0; i < own.Length; i++) session.Kv.CopyBlock(session.Shape, own[i], copy[i]);
        session.Run(copy, tokens.AsSpan(35), 35).Should().Equal(expected);
        session.Run(own, tokens.AsSpan(30), 0);
        session.Run(copy, tokens.AsSpan(35), 35).Should().Equal(expected, "a copy is nobody else's");
    }

    [Fact]
    public void Only_blocks_of_the_store_are_copied()
    {
        using var backend = new CpuBackend(new CpuOptions { Threads = 1 });
        var shape = new KvShape(1, 1, 16);
        using var probe = backend.CreateKvStore(1, 16);
        using var store = backend.CreateKvStore(2 * probe.BlockBytes(shape), 16);
        store.AddSlab(new MemoryBudget(1 << 20).TryReserve(store.SlabBytes)!);
        var outside = () => store.CopyBlock(shape, new KvBlock(0, 0), new KvBlock(0, 2));
        outside.Should().Throw<ArgumentOutOfRangeException>();
        var missing = () => store.CopyBlock(shape, new KvBlock(1, 0), new KvBlock(0, 1));
        missing.Should().Throw<ArgumentOutOfRangeException>();
    }

    [Theory]
    [InlineData(0, 16)]
    [InlineData(100, 0)]
    [InlineData(100, 24)]
    public void Sizes_are_checked(long slabBytes, int tokensPerBlock)
    {
        using var backend = new CpuBackend(new CpuOptions { Threads = 1 });
        var create = () => backend.CreateKvStore(slabBytes, tokensPerBlock);
        create.Should().Throw<ArgumentException>();
    }
}
