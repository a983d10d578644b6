using Helios.Sdk.Adaptation.Loading;
using Helios.Sdk.Backends;
using Helios.Sdk.Models;
using Helios.Sdk.Serving.KvCache;
using Helios.Sdk.Serving.Routing;
using Helios.Sdk.Tests.Checkpoints;

namespace Helios.Sdk.Tests.Adaptation.Loading;

/// <summary>The pool over the real CPU backend. After every test, every byte must have been given back.</summary>
public class ModelPoolTests
{
    [Fact]
    public async Task A_partial_load_takes_the_bytes_of_its_layers_and_no_more()
    {
        using var rig = PoolRig.Create(["tiny-m"]);
        var entry = rig.Pool.Find("tiny-m");
        using var lease = await rig.AcquireAsync("tiny-m", 3);

        rig.MustHold(entry.Size.FixedBytes + entry.Size.LayerBytes.Take(3).Sum() + entry.WorkspaceBytes);
        var model = rig.Model("tiny-m");
        model.LoadedLayers.Should().Be(3);
        model.Leases.Should().Be(1);
        model.LoadedBytes.Should().Be(rig.Budget.Used);
        entry.Size.LayerBytes.Should().HaveCount(12).And.OnlyContain(bytes => bytes > 0);
    }

    [SkippableFact]
    public async Task A_model_whose_file_changes_serves_what_is_loaded_and_loads_no_more()
    {
        Skip.If(OperatingSystem.IsWindows(), "Windows lets nobody write to a checkpoint that is open.");
        using var folder = Copy("tiny-s");
        using var rig = PoolRig.Create([folder.Path]);
        var name = rig.Pool.Entries.Single().Info.Name;
        using var lease = await rig.AcquireAsync(name, 3);
        var held = rig.Budget.Used;
        rig.Model(name).StaleBecause.Should().BeNull();

        var former = File.ReadAllBytes(folder["model.safetensors"]);
        ChangedFileTests.WriteInPlace(folder["model.safetensors"], [.. former[..^4096], .. new byte[4096]]);
        for (var attempt = 0; attempt < 3; attempt++)
        {
            var result = await rig.TryAcquireAsync(name, 6);
            result.Should().BeOfType<AcquireResult.Failed>().Which.Error.Should().BeOfType<CheckpointChangedException>();
            rig.MustHold(held);
            rig.Model(name).StaleBecause.Should().Contain("its modification time is another");
            rig.Model(name).LoadedLayers.Should().Be(3);

            // Not even the former bytes bring it back.
            ChangedFileTests.WriteInPlace(folder["model.safetensors"], former);
            rig.Clock.Advance(TimeSpan.FromHours(1));
        }

        using var loaded = await rig.AcquireAsync(name, 2);
    }

    [Fact]
    public async Task Weights_take_about_what_they_take_on_disk()
    {
        using var rig = PoolRig.Create(["tiny-m"]);
        using var lease = await rig.AcquireAsync("tiny-m", 12);
        var onDisk = new FileInfo(Path.Combine(TestData.Model("tiny-m"), "model.safetensors")).Length;
        var weights = rig.Budget.Used - rig.Pool.Find("tiny-m").WorkspaceBytes;
        ((double)weights / onDisk).Should().BeInRange(0.98, 1.02);
    }

    [Fact]
    public async Task Deepening_loads_the_missing_layers_only_and_the_last_deep_lease_trims_them()
    {
        GatedBackend? gated = null;
        using var rig = PoolRig.Create(["tiny-m"], wrap: backend => gated = new GatedBackend(backend));
        var entry = rig.Pool.Find("tiny-m");
        var shallow = await rig.AcquireAsync("tiny-m", 3);
        var before = rig.Budget.Used;
        gated!.Asked.Clear();

        var progress = new Steps();
        var deep = await rig.AcquireAsync("tiny-m", 8, progress);
        var second = await rig.AcquireAsync("tiny-m", 8);
        gated.Asked.Should().Equal(Enumerable.Range(3, 5).Select(layer => ("tiny-m", layer)));
        progress.Seen.Select(step => step.LayersLoaded).Should().Equal(4, 5, 6, 7, 8);
        progress.Seen[^1].Bytes.Should().Be(entry.Size.LayerBytes.Skip(3).Take(5).Sum());
        rig.MustHold(before + entry.Size.LayerBytes.Skip(3).Take(5).Sum());
        deep.Served.Should().BeSameAs(shallow.Served, "both run over the same lower layers");

        deep.Dispose();
        rig.Model("tiny-m").LoadedLayers.Should().Be(8, "another lease is as deep");
        second.Dispose();
        rig.Model("tiny-m").LoadedLayers.Should().Be(3);
        rig.MustHold(before);
        shallow.Dispose();
        rig.MustHold(0);
        rig.Model("tiny-m").LoadedLayers.Should().Be(0);
    }

    [Fact]
    public async Task What_does_not_fit_is_refused_and_nothing_changes()
    {
        using var rig = PoolRig.Create(["tiny-s", "tiny-m"], budget: 12 << 20);
        using var small = await rig.AcquireAsync("tiny-s", 6);
        var before = rig.Budget.Used;
        var result = await rig.TryAcquireAsync("tiny-m", 12);

        var refused = result.Should().BeOfType<AcquireResult.NoRoom>().Subject;
        var entry = rig.Pool.Find("tiny-m");
        refused.NeededBytes.Should().Be(entry.Size.ToDepth(12) + entry.WorkspaceBytes);
        refused.FreeBytes.Should().BeLessThan(refused.NeededBytes).And.BeLessThanOrEqualTo(rig.Budget.Free);
        rig.MustHold(before);
        (await rig.TryAcquireAsync("tiny-m", 12)).Should().BeOfType<AcquireResult.NoRoom>("a refusal is no failure: nothing backs off");
        using var partly = await rig.AcquireAsync("tiny-m", 1);
        rig.Budget.Peak.Should().BeLessThanOrEqualTo(rig.Budget.Limit);
    }

    [Fact]
    public async Task Empty_KV_slabs_give_way_to_a_load()
    {
        using var rig = PoolRig.Create(["tiny-s"], budget: 8 << 20);
        var table = new Helios.Sdk.Serving.KvCache.BlockTable(new KvShape(6, 5, 32), 1000);
        while (rig.Blocks.TryGrow(table, (table.Count + 1) * 16))
        {
        }

        rig.Budget.Free.Should().BeLessThan(256 << 10);
        rig.Blocks.Release(table);
        using var lease = await rig.AcquireAsync("tiny-s", 6);
        rig.Backend.AllocatedBytes.Should().Be(rig.Budget.Used);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(3)]
    [InlineData(5)]
    public async Task A_load_that_fails_half_way_leaves_nothing_behind_and_backs_off(int failingLayer)
    {
        GatedBackend? gated = null;
        using var rig = PoolRig.Create(["tiny-s"], wrap: backend => gated = new GatedBackend(backend));
        const string name = "tiny-s";
        gated!.BeforeRead = FailsIn(rig.Pool.Find(name).Checkpoint, failingLayer);

        (await rig.TryAcquireAsync(name, 6)).Should().BeOfType<AcquireResult.Failed>().Which.Error.Should().BeOfType<CheckpointException>();
        rig.MustHold(0);
        rig.Model(name).Leases.Should().Be(0);

        var backingOff = (await rig.TryAcquireAsync(name, 6)).Should().BeOfType<AcquireResult.BackingOff>().Subject;
        backingOff.RetryAfter.Should().Be(TimeSpan.FromSeconds(1));
        rig.Clock.Advance(TimeSpan.FromSeconds(1));
        (await rig.TryAcquireAsync(name, 6)).Should().BeOfType<AcquireResult.Failed>("it is tried again");
        (await rig.TryAcquireAsync(name, 6)).Should().BeOfType<AcquireResult.BackingOff>().Which.RetryAfter.Should().Be(TimeSpan.FromSeconds(2));
        rig.MustHold(0);
    }

    [Fact]
    public async Task A_failed_deepening_leaves_what_is_loaded_and_a_mended_disk_loads()
    {
        GatedBackend? gated = null;
        using var rig = PoolRig.Create(["tiny-s"], wrap: backend => gated = new GatedBackend(backend));
        const string name = "tiny-s";
        using var shallow = await rig.AcquireAsync(name, 2);
        var before = rig.Budget.Used;
        gated!.BeforeRead = FailsIn(rig.Pool.Find(name).Checkpoint, 4);

        (await rig.TryAcquireAsync(name, 6)).Should().BeOfType<AcquireResult.Failed>();
        rig.MustHold(before);
        rig.Model(name).LoadedLayers.Should().Be(2);
        using (var again = await rig.AcquireAsync(name, 2)) again.Should().NotBeNull("what is loaded needs no load, and no back-off");

        gated.BeforeRead = null;
        rig.Clock.Advance(TimeSpan.FromSeconds(1));
        using var deep = await rig.AcquireAsync(name, 6);
        rig.Model(name).LoadedLayers.Should().Be(6);
    }

    [Theory]
    [InlineData(-1)]
    [InlineData(0)]
    [InlineData(4)]
    public async Task A_load_cancelled_half_way_leaves_memory_as_it_was(int layer)
    {
        GatedBackend? gated = null;
        using var rig = PoolRig.Create(["tiny-s", "tiny-m"], wrap: backend => gated = new GatedBackend(backend));
        using var other = await rig.AcquireAsync("tiny-s", 2);
        var before = rig.Budget.Used;
        using var cancellation = new CancellationTokenSource();
        var reached = gated!.CloseBefore("tiny-m", layer);
        var load = rig.TryAcquireAsync("tiny-m", 6, cancellationToken: cancellation.Token);
        await reached;
        rig.Budget.Used.Should().BeGreaterThan(before, "all of it is reserved before a byte is read");

        await cancellation.CancelAsync();
        gated.Open("tiny-m", layer);
        await load.Invoking(task => task).Should().ThrowAsync<OperationCanceledException>();
        rig.MustHold(before);
        rig.Model("tiny-m").Leases.Should().Be(0);
        using var again = await rig.AcquireAsync("tiny-m", 6);
        again.Should().NotBeNull("a cancelled load is no failure");
    }

    [Fact]
    public async Task A_lease_dropped_while_deeper_layers_load_trims_nothing_that_the_load_stands_on()
    {
        GatedBackend? gated = null;
        using var rig = PoolRig.Create(["tiny-m"], wrap: backend => gated = new GatedBackend(backend));
        var entry = rig.Pool.Find("tiny-m");
        var shallow = await rig.AcquireAsync("tiny-m", 6);
        var reached = gated!.CloseBefore("tiny-m", 8);
        var load = rig.TryAcquireAsync("tiny-m", 10);
        await reached;
        shallow.Dispose();
        gated.Open("tiny-m", 8);

        using var deep = (await load).Should().BeOfType<AcquireResult.Acquired>().Subject.Lease;
        rig.MustHold(entry.Size.ToDepth(10) + entry.WorkspaceBytes);
    }

    [Fact]
    public async Task Two_who_want_the_same_load_it_once()
    {
        GatedBackend? gated = null;
        using var rig = PoolRig.Create(["tiny-s"], wrap: backend => gated = new GatedBackend(backend));
        var leases = await Task.WhenAll(Enumerable.Range(0, 8).Select(_ => rig.AcquireAsync("tiny-s", 6)));

        gated!.Asked.Should().OnlyHaveUniqueItems().And.HaveCount(7);
        rig.Model("tiny-s").Leases.Should().Be(8);
        foreach (var lease in leases) lease.Dispose();
    }

    [Fact]
    public async Task A_thousand_claims_in_any_order_give_every_byte_back()
    {
        var random = new Random(11);
        using var rig = PoolRig.Create(["tiny-s", "stories260K"], budget: 9 << 20);
        var held = new List<ModelLeaseAndDepth>();
        for (var i = 0; i < 1000; i++)
        {
            if (held.Count > 6 || (held.Count > 0 && random.Next(2) == 0))
            {
                var index = random.Next(held.Count);
                held[index].Lease.Dispose();
                held.RemoveAt(index);
            }
            else
            {
                var (model, layers) = random.Next(2) == 0 ? ("tiny-s", 6) : ("stories260K", 5);
                var depth = random.Next(1, layers + 1);
                held.Add(new(model, depth, await rig.AcquireAsync(model, depth)));
            }

            long expected = 0;
            foreach (var group in held.GroupBy(one => one.Model, StringComparer.Ordinal))
                expected += rig.Pool.Find(group.Key).Size.ToDepth(group.Max(one => one.Depth)) + rig.Pool.Find(group.Key).WorkspaceBytes;
            rig.MustHold(expected);
        }

        foreach (var (_, _, lease) in held) lease.Dispose();
        rig.MustHold(0);
    }

    [Fact]
    public async Task Claims_from_many_threads_give_every_byte_back()
    {
        using var rig = PoolRig.Create(["tiny-s", "stories260K"]);
        await Parallel.ForEachAsync(Enumerable.Range(0, 200), new ParallelOptions { MaxDegreeOfParallelism = 8 }, async (i, _) =>
        {
            var (model, layers) = i % 2 == 0 ? ("tiny-s", 6) : ("stories260K", 5);
            using var lease = await rig.AcquireAsync(model, 1 + i % layers);
            rig.Model(model).LoadedLayers.Should().BeGreaterThanOrEqualTo(1 + i % layers);
            rig.Backend.AllocatedBytes.Should().BeLessThanOrEqualTo(rig.Budget.Limit);
        });
        rig.MustHold(0);
    }

    [Theory]
    [InlineData("nobody", 1, Precision.Auto, "nobody")]
    [InlineData("tiny-s", 0, Precision.Auto, "Depth 0")]
    [InlineData("tiny-s", 7, Precision.Auto, "layers 1 to 6")]
    [InlineData("tiny-s", 1, Precision.Fp32, "Fp32")]
    public async Task A_target_that_is_not_to_be_had_is_refused_by_name(string model, int depth, Precision precision, string named)
    {
        using var rig = PoolRig.Create(["tiny-s"]);
        var acquire = async () => await rig.Pool.AcquireAsync(new LoadTarget(model, depth, precision));
        (await acquire.Should().ThrowAsync<ArgumentException>()).WithMessage($"*{named}*");
    }

    [Fact]
    public async Task Scoring_claims_what_happens_to_be_loaded()
    {
        using var rig = PoolRig.Create(["tiny-s"]);
        var entry = rig.Pool.Find("tiny-s");
        var nothing = (await rig.Pool.AcquireLoadedAsync(entry, progress: null, default)).Should().BeOfType<AcquireResult.Acquired>().Subject.Lease;
        nothing.Target.Depth.Should().Be(0);
        rig.MustHold(entry.Size.FixedBytes + entry.WorkspaceBytes);

        using (await rig.AcquireAsync("tiny-s", 4))
        using (var loaded = (await rig.Pool.AcquireLoadedAsync(entry, progress: null, default)).Should().BeOfType<AcquireResult.Acquired>().Subject.Lease)
        {
            loaded.Target.Depth.Should().Be(4);
        }

        rig.MustHold(entry.Size.FixedBytes + entry.WorkspaceBytes);
        nothing.Dispose();
        rig.MustHold(0);
    }

    internal static TempFolder Copy(string model)
    {
        var folder = new TempFolder();
        foreach (var file in Directory.GetFiles(TestData.Model(model))) File.Copy(file, folder[Path.GetFileName(file)]);
        return folder;
    }

    /// <summary>Cuts a model's file in the middle of a layer's tensor: nothing of it can be read any more.</summary>
    internal static void Truncate(ICheckpoint checkpoint, int layer)
    {
        checkpoint.TryGetTensor(new TensorKey(TensorRole.Gate, layer), out var tensor).Should().BeTrue();
        using var file = new FileStream(Path.Combine(checkpoint.Info.Path, "model.safetensors"), FileMode.Open, FileAccess.Write, FileShare.ReadWrite);
        file.SetLength(tensor.Offset + tensor.Bytes / 2);
    }

    /// <summary>The middle of a layer cannot be read.</summary>
    internal static Action<StoredTensor> FailsIn(ICheckpoint checkpoint, int layer)
    {
        checkpoint.TryGetTensor(new TensorKey(TensorRole.Gate, layer), out var unreadable).Should().BeTrue();
        return tensor =>
        {
            if (tensor == unreadable) throw new CheckpointException("the disk is gone");
        };
    }

    private sealed record ModelLeaseAndDepth(string Model, int Depth, Helios.Sdk.Serving.Routing.ModelLease Lease);

    private sealed class Steps : IProgress<LoadProgress>
    {
        public List<LoadProgress> Seen { get; } = [];

        public void Report(LoadProgress value) => Seen.Add(value);
    }
}
