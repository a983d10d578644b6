using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;
using Helios.Sdk.Backends;
using Helios.Sdk.Cpu.Kernels;
using Helios.Sdk.Cpu.Tests.Support;
using Helios.Sdk.Models;

namespace Helios.Sdk.Cpu.Tests;

/// <summary>What the CPU backend says of itself, and the bytes it takes.</summary>
public sealed class CpuBackendTests
{
    [Fact]
    public void Options_are_checked()
    {
        var none = () => new CpuBackend(new CpuOptions { Threads = 0 });
        none.Should().Throw<ArgumentOutOfRangeException>();
        var odd = () => new CpuBackend(new CpuOptions { VectorWidth = 64 });
        odd.Should().Throw<ArgumentOutOfRangeException>();
        var coarse = () => new CpuBackend(new CpuOptions { KvPrecision = Precision.Int8 });
        coarse.Should().Throw<ArgumentOutOfRangeException>().WithMessage("*Fp32 or Bf16*");
        using var backend = new CpuBackend(new CpuOptions { Threads = 2, VectorWidth = 128 });
        backend.Device.Description.Should().MatchRegex(@"^2 threads, 128-bit vectors, \S.*$", "profiles are kept by it, and hold for one processor");
    }

    [Fact]
    public void It_warns_of_narrow_vectors_where_wide_ones_were_to_be_had_or_are_usual()
    {
        using var backend = new CpuBackend(new CpuOptions { Threads = 1 });
        (backend.Device.Warning is not null).Should().Be(X86Base.IsSupported && !Vector256.IsHardwareAccelerated);
        using var asked = new CpuBackend(new CpuOptions { Threads = 1, VectorWidth = 128 });
        asked.Device.Warning.Should().BeNull("it was asked for");
        NarrowVectors.Explain(processorHasAvx2: true).Should().Contain("IlcInstructionSet").And.Contain("DOTNET_EnableAVX2");
        NarrowVectors.Explain(processorHasAvx2: false).Should().EndWith("this processor has no AVX2.");
    }

    [Fact]
    public void A_trait_that_is_not_computed_is_refused_before_anything_is_loaded()
    {
        var plain = MemoryCheckpoint.Architecture();
        var norm = new NormLayout(NormKind.Layer, 1e-5f, HasBias: true);
        using var backend = new CpuBackend(new CpuOptions { Threads = 1 });
        var checkpoint = new MemoryCheckpoint(plain with { Stack = plain.Stack.Select(layer => layer with { Attention = layer.Attention with { QueryKeyNorm = norm } }) });

        var measure = () => backend.Loader.Measure(checkpoint, Precision.Fp32);
        measure.Should().Throw<NotSupportedException>().WithMessage("*layer norms of queries and keys, which layer 0 has*");
    }

    [Fact]
    public void Held_bytes_are_the_weights_within_two_percent()
    {
        var shape = MemoryCheckpoint.Architecture(layers: 12, hidden: 128, heads: 8, kvHeads: 4, headDim: 16, feedForward: 352, vocabulary: 1000);
        var checkpoint = new MemoryCheckpoint(shape, TensorType.BF16);
        using var session = new Session(new CpuUnderTest(), checkpoint, depth: 3);
        var layer = 2L * (128 * (128 + 64 + 64 + 128) + 3 * 128 * 352);
        session.Size.LayerBytes[0].Should().BeInRange(layer, (long)(layer * 1.02));
        session.Size.FixedBytes.Should().BeInRange(2 * 128 * 1000, (long)(2 * 128 * 1000 * 1.02));
        session.Layers.Sum(held => held.Bytes).Should().Be(3 * session.Size.LayerBytes[0]);
        session.AllocatedBytes.Should().Be(session.Budget.Used);
    }

    [Fact]
    public void A_kv_block_holds_keys_and_padded_values_of_every_layer()
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

    [Fact]
    public void The_states_of_splits_are_accounted_where_threads_outnumber_key_value_heads()
    {
        const int heads = 6;
        var shape = MemoryCheckpoint.Architecture(layers: 2, heads: heads, kvHeads: 2, headDim: 20);
        using (var single = new CpuBackend(new CpuOptions { Threads = 1 })) Growth(single, 40).Should().Be(0, "one thread has nothing to share");
        using var backend = new CpuBackend(new CpuOptions { Threads = 9 });
        var state = (64 + 32) * sizeof(float);
        Growth(backend, maxRows: 40).Should().Be(8 * heads * state, "8 rows x 2 heads make 2 items a thread but the first");
        Growth(backend, maxRows: 3).Should().Be(3 * heads * state);

        long Growth(CpuBackend of, int maxRows) =>
            of.MeasureWorkspace(shape with { ContextLength = 1024 }, maxRows) - of.MeasureWorkspace(shape with { ContextLength = 512 }, maxRows);
    }
}
