using Helios.Sdk.Backends;
using Helios.Sdk.Models;

namespace Helios.Backends.Testing.Loading;

/// <summary>Only what is asked for is read; what is allocated is what was said and reserved; what fails leaves nothing behind.</summary>
public abstract class LoaderContract<TBackend> : BackendContract<TBackend>
    where TBackend : BackendUnderTest, new()
{
    [SkippableTheory]
    [InlineData(TensorType.BF16, Precision.Auto, true)]
    [InlineData(TensorType.F16, Precision.Auto, false)]
    [InlineData(TensorType.F32, Precision.Bf16, false)]
    [InlineData(TensorType.BF16, Precision.Fp32, false)]
    public void What_is_measured_is_what_is_allocated(TensorType type, Precision precision, bool tied)
    {
        var checkpoint = new MemoryCheckpoint(MemoryCheckpoint.Architecture(tied: tied), type, 1, new ModelExit(2, OwnNorm: true, OwnHead: true));
        using var backend = Backend.Create();
        var budget = new MemoryBudget(1 << 30);
        var size = backend.Loader.Measure(checkpoint, precision);

        var part = Session.Wait(backend.Loader.LoadFixedAsync(checkpoint, precision, budget.TryReserve(size.FixedBytes)!, default));
        (part.Bytes, Backend.AllocatedBytes(backend), budget.Used).Should().Be((size.FixedBytes, size.FixedBytes, size.FixedBytes));
        var layers = Enumerable.Range(0, 3).Select(layer =>
            Session.Wait(backend.Loader.LoadLayerAsync(checkpoint, layer, precision, budget.TryReserve(size.LayerBytes[layer])!, default))).ToArray();
        layers.Select(layer => layer.Bytes).Should().Equal(size.LayerBytes);
        Backend.AllocatedBytes(backend).Should().Be(size.ToDepth(3)).And.Be(budget.Used);
        size.LayerBytes[1].Should().BeGreaterThan(size.LayerBytes[0], "the exit behind layer 1 has a norm and head of its own");

        foreach (var layer in layers) layer.Dispose();
        layers[0].Dispose();
        part.Dispose();
        (Backend.AllocatedBytes(backend), budget.Used).Should().Be((0L, 0L));
    }

    [SkippableFact]
    public void A_shape_of_70_billion_parameters_is_measured_to_its_bytes()
    {
        using var checkpoint = new ShapeCheckpoint(ShapeCheckpoint.Llama70B, TensorType.BF16);
        checkpoint.Info.Parameters.Should().Be(70_553_706_496, "that is what its model card says");
        using var backend = Backend.Create();
        var size = backend.Loader.Measure(checkpoint, Precision.Bf16);
        size.LayerBytes.Should().HaveCount(80).And.OnlyContain(bytes => bytes == size.LayerBytes[0]);
        var stored = 2.0 * checkpoint.Info.Parameters;
        size.ToDepth(80).Should().BeInRange((long)stored, (long)(1.001 * stored));

        using var kv = backend.CreateKvStore(8L << 30, 16);
        var perToken = kv.BlockBytes(new KvShape(80, 8, 128)) / 16;
        perToken.Should().BeInRange(80 * 2 * 8 * 128 * 2, 80 * 2 * 8 * 128 * 4);
        backend.MeasureWorkspace(checkpoint.Info.Architecture, 8192).Should().BeInRange(1L << 30, 1L << 36);
    }

    [SkippableFact]
    public async Task A_failing_read_leaves_nothing_behind()
    {
        var checkpoint = new MemoryCheckpoint(MemoryCheckpoint.Architecture());
        using var backend = Backend.Create();
        var budget = new MemoryBudget(1 << 30);
        var size = backend.Loader.Measure(checkpoint, Precision.Auto);
        using var part = await backend.Loader.LoadFixedAsync(checkpoint, Precision.Auto, budget.TryReserve(size.FixedBytes)!, default);

        foreach (var role in new[] { TensorRole.AttentionNorm, TensorRole.Value, TensorRole.Down })
        {
            checkpoint.Reading = tensor =>
            {
                if (tensor.Name == $"{role} of layer 1") throw new CheckpointException("file ended early");
            };
            var load = async () => await backend.Loader.LoadLayerAsync(checkpoint, 1, Precision.Auto, budget.TryReserve(size.LayerBytes[1])!, default);
            await load.Should().ThrowAsync<CheckpointException>();
            (Backend.AllocatedBytes(backend), budget.Used).Should().Be((size.FixedBytes, size.FixedBytes));
        }
    }

    [SkippableFact]
    public async Task Cancelling_half_way_leaves_nothing_behind()
    {
        var checkpoint = new MemoryCheckpoint(MemoryCheckpoint.Architecture());
        using var backend = Backend.Create();
        var budget = new MemoryBudget(1 << 30);
        var size = backend.Loader.Measure(checkpoint, Precision.Auto);
        using var cancellation = new CancellationTokenSource();
        checkpoint.Reading = tensor =>
        {
            if (tensor.Name == "Gate of layer 0") cancellation.Cancel();
        };
        var load = async () => await backend.Loader.LoadLayerAsync(checkpoint, 0, Precision.Auto, budget.TryReserve(size.LayerBytes[0])!, cancellation.Token);
        await load.Should().ThrowAsync<OperationCanceledException>();
        (Backend.AllocatedBytes(backend), budget.Used).Should().Be((0L, 0L));

        var late = async () => await backend.Loader.LoadFixedAsync(checkpoint, Precision.Auto, budget.TryReserve(size.FixedBytes)!, cancellation.Token);
        await late.Should().ThrowAsync<OperationCanceledException>();
        (Backend.AllocatedBytes(backend), budget.Used).Should().Be((0L, 0L));
    }

    [SkippableFact]
    public async Task Too_small_a_reservation_is_refused_and_too_large_a_one_trimmed()
    {
        var checkpoint = new MemoryCheckpoint(MemoryCheckpoint.Architecture());
        using var backend = Backend.Create();
        var budget = new MemoryBudget(1 << 30);
        var size = backend.Loader.Measure(checkpoint, Precision.Auto);
        var small = async () => await backend.Loader.LoadLayerAsync(checkpoint, 0, Precision.Auto, budget.TryReserve(size.LayerBytes[0] - 1)!, default);
        await small.Should().ThrowAsync<ArgumentException>();
        budget.Used.Should().Be(0);

        using var layer = await backend.Loader.LoadLayerAsync(checkpoint, 0, Precision.Auto, budget.TryReserve(size.LayerBytes[0] + 100)!, default);
        (Backend.AllocatedBytes(backend), budget.Used).Should().Be((size.LayerBytes[0], size.LayerBytes[0]));
    }

    [SkippableFact]
    public async Task A_thousand_cycles_leave_nothing_behind()
    {
        var checkpoint = new MemoryCheckpoint(MemoryCheckpoint.Architecture(layers: 1, hidden: 16, heads: 2, kvHeads: 1, headDim: 8, feedForward: 32, vocabulary: 32));
        using var backend = Backend.Create(new BackendSetup(Threads: 1));
        var budget = new MemoryBudget(1 << 20);
        var size = backend.Loader.Measure(checkpoint, Precision.Auto);
        for (var i = 0; i < 1000; i++)
        {
            using var part = await backend.Loader.LoadFixedAsync(checkpoint, Precision.Auto, budget.TryReserve(size.FixedBytes)!, default);
            using var layer = await backend.Loader.LoadLayerAsync(checkpoint, 0, Precision.Auto, budget.TryReserve(size.LayerBytes[0])!, default);
        }

        (Backend.AllocatedBytes(backend), budget.Used).Should().Be((0L, 0L));
    }

    [SkippableFact]
    public void Only_the_layers_asked_for_are_read()
    {
        var checkpoint = new MemoryCheckpoint(MemoryCheckpoint.Architecture());
        var read = new HashSet<string>(StringComparer.Ordinal);
        checkpoint.Reading = tensor => read.Add(tensor.Name);
        using var session = new Session(Backend, checkpoint, depth: 1);
        read.Should().NotContain(name => name.EndsWith(" 1", StringComparison.Ordinal) || name.EndsWith(" 2", StringComparison.Ordinal)).And.Contain("Down of layer 0").And.Contain("Embedding");
    }
}
