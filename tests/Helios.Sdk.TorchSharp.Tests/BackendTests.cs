using Helios.Sdk.Backends;
using Helios.Sdk.Models;
using Helios.Sdk.TorchSharp.Devices;

namespace Helios.Sdk.TorchSharp.Tests;

public sealed class BackendTests
{
    private static readonly Dictionary<string, string> OnCpu = new(StringComparer.Ordinal) { ["device"] = "cpu" };

    [SkippableFact]
    public void The_factory_goes_by_its_name_and_settings()
    {
        TorchUnderTest.RequireTorch();
        var factory = new TorchSharpBackendFactory();
        factory.Name.Should().Be("torchsharp");
        using var backend = factory.Create(new Dictionary<string, string>(OnCpu, StringComparer.Ordinal) { ["KvPrecision"] = "bf16", ["AttentionBytes"] = "2097152" });
        backend.Device.Name.Should().Be("torch-cpu");
        backend.Device.Description.Should().Contain("Bf16 KV");
        backend.Device.TotalMemory.Should().BePositive();
        backend.Device.KvSlabs.Should().BeNull();
    }

    [Theory]
    [InlineData("Colour", "red", "Colour is unknown; expected Device, KvPrecision or AttentionBytes*")]
    [InlineData("KvPrecision", "int8", "KvPrecision is 'int8'; expected Fp32, Bf16 or Fp16*")]
    [InlineData("AttentionBytes", "many", "AttentionBytes is 'many'; expected a number of bytes from 1048576*")]
    [InlineData("AttentionBytes", "1000", "AttentionBytes is '1000'; expected a number of bytes from 1048576*")]
    [InlineData("Device", "tpu", "Device is 'tpu'; expected cpu, cuda, or cuda:*")]
    [InlineData("Device", "cuda:x", "Device is 'cuda:x'; expected cpu, cuda, or cuda:*")]
    public void A_wrong_setting_is_refused_by_name(string name, string text, string message)
    {
        var settings = new Dictionary<string, string>(OnCpu, StringComparer.Ordinal) { [name == "Device" ? "device" : name] = text };
        var create = () => new TorchSharpBackendFactory().Create(settings);
        create.Should().Throw<ArgumentException>().WithMessage(message);
    }

    [SkippableFact]
    public void A_precision_of_kv_that_the_device_does_not_compute_in_is_refused()
    {
        TorchUnderTest.RequireTorch();
        var create = () => new TorchSharpBackend(new TorchSharpOptions { Device = "cpu", KvPrecision = Precision.Fp16 });
        create.Should().Throw<ArgumentException>().WithMessage("torch-cpu does not compute in Fp16*");
    }

    [Fact]
    public void All_that_is_wrong_with_settings_is_reported_at_once_without_a_device()
    {
        var factory = new TorchSharpBackendFactory();
        factory.Check(new Dictionary<string, string>(StringComparer.Ordinal) { ["Device"] = "cuda:7", ["KvPrecision"] = "Fp16", ["AttentionBytes"] = "1048576" }).Should().BeEmpty();
        factory.Check(new Dictionary<string, string>(StringComparer.Ordinal) { ["Device"] = "tpu", ["Colour"] = "red", ["AttentionBytes"] = "-1" }).Should().HaveCount(3);
    }

    [Fact]
    public void An_option_out_of_range_is_refused()
    {
        var create = () => new TorchSharpBackend(new TorchSharpOptions { Device = "cpu", AttentionBytes = 1000 });
        create.Should().Throw<ArgumentOutOfRangeException>().WithMessage("AttentionBytes is 1048576 or more*");
    }

    [Fact]
    public void A_gpu_that_is_not_there_is_refused_and_nothing_stands_in_for_it()
    {
        var create = () => new TorchSharpBackend(new TorchSharpOptions { Device = "cuda:63" });
        create.Should().Throw<PlatformNotSupportedException>().WithMessage("cuda:63 is not available*");
    }

    [SkippableTheory]
    [InlineData(Precision.Fp16)]
    public void What_it_cannot_hold_is_refused(Precision precision)
    {
        using var backend = TorchUnderTest.OnCpu();
        using var checkpoint = new MemoryCheckpoint(MemoryCheckpoint.Architecture());
        var measure = () => backend.Loader.Measure(checkpoint, precision);
        measure.Should().Throw<NotSupportedException>().WithMessage($"*{precision}*");
    }

    [SkippableFact]
    public void Half_precision_weights_become_single_where_the_device_does_not_compute_in_half()
    {
        using var backend = TorchUnderTest.OnCpu();
        using var half = new MemoryCheckpoint(MemoryCheckpoint.Architecture(), TensorType.F16);
        backend.Loader.Measure(half, Precision.Auto).FixedBytes.Should().Be(backend.Loader.Measure(half, Precision.Fp32).FixedBytes);
    }

    [SkippableFact]
    public void More_than_the_device_has_is_out_of_memory_and_leaves_nothing()
    {
        using var backend = TorchUnderTest.OnCpu();
        var budget = new MemoryBudget(long.MaxValue);
        using var kv = backend.CreateKvStore(1L << 50, 16);
        var add = () => kv.AddSlab(budget.TryReserve(kv.SlabBytes)!);
        add.Should().Throw<OutOfMemoryException>().WithMessage("torch-cpu has no room for 1125899906842624 bytes*");
        budget.Used.Should().Be(0);
        backend.AllocatedBytes.Should().Be(0);
    }

    [Theory]
    [InlineData("CUDA out of memory. Tried to allocate 20.00 GiB. GPU 0 has a total capacity of 139.72 GiB of which 1.06 GiB is free.", true)]
    [InlineData("CUDA error: out of memory", true)]
    [InlineData("[enforce fail at alloc_cpu.cpp:124] err == 0. DefaultCPUAllocator: can't allocate memory: you tried to allocate 1125899906842624 bytes.", true)]
    [InlineData("[enforce fail at alloc_cpu.cpp:116] data. DefaultCPUAllocator: not enough memory: you tried to allocate 1125899906842624 bytes.", true)]
    [InlineData("CUDA error: an illegal memory access was encountered", false)]
    public void Want_of_memory_differs_from_a_broken_device(string message, bool outOfMemory) => TorchDevice.SaysOutOfMemory(message).Should().Be(outOfMemory);

    [Theory]
    [InlineData(1, 512)]
    [InlineData((10 << 20) - 1, 10 << 20)]
    [InlineData((10 << 20) + 1, 12 << 20)]
    public void What_cuda_takes_is_what_is_accounted(long bytes, long taken) => TorchDevice.TakenByCuda(bytes).Should().Be(taken);
}
