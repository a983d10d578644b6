using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Runtime.InteropServices;
using Helios.Sdk.Models;
using Helios.Sdk.TorchSharp.Operators;
using TorchSharp;

namespace Helios.Sdk.TorchSharp.Devices;

/// <summary>The device that torch runs on: opened, or refused with the reason.</summary>
internal sealed class TorchDevice
{
    /// <summary>What a device can be called.</summary>
    public const string Names = "cpu, cuda, or cuda: with a number, as in cuda:0";

    // How CUDA's caching allocator rounds: blocks to 512 bytes; pieces from 10 MiB are taken from the driver by themselves, in 2 MiB.
    private const long SmallGrain = 512;
    private const long LargeGrain = 2L << 20;
    private const long Large = 10L << 20;

    private readonly Version? computeCapability;
    private readonly Lazy<string?> int8Missing;
    private readonly Lazy<string?> int4Missing;

    private TorchDevice(torch.Device handle, string name, string description, long totalMemory, Version? computeCapability = null)
    {
        this.computeCapability = computeCapability;
        Handle = handle;
        Name = name;
        Description = description;
        TotalMemory = totalMemory;
        int8Missing = new Lazy<string?>(() => Trial.Int8(handle));
        int4Missing = new Lazy<string?>(() => Trial.Int4(handle));
    }

    /// <summary>The device as torch calls it.</summary>
    public torch.Device Handle { get; }

    /// <summary>Whether it is a GPU.</summary>
    public bool IsCuda => Handle.type == DeviceType.CUDA;

    /// <summary>E.g. <c>cuda:0</c>.</summary>
    public string Name { get; }

    /// <summary>Hardware and versions.</summary>
    public string Description { get; }

    /// <summary>Bytes it can offer.</summary>
    public long TotalMemory { get; }

    /// <summary>Whether a device can be called so.</summary>
    public static bool IsName(string name) => TryParse(name, out _);

    /// <summary>Opens a device.</summary>
    /// <param name="name"><c>cpu</c>, <c>cuda</c> or <c>cuda:N</c>.</param>
    /// <exception cref="ArgumentException">The name is none of these.</exception>
    /// <exception cref="PlatformNotSupportedException">The device, or a library that it needs, is not there.</exception>
    public static TorchDevice Open(string name)
    {
        if (!TryParse(name, out var index)) throw new ArgumentException($"Device is '{name}'; expected {Names}.", nameof(name));
        return index is { } gpu ? OpenCuda(gpu) : OpenCpu();
    }

    /// <summary>Bytes that an allocation takes of the device.</summary>
    public long Take(long bytes) => IsCuda ? TakenByCuda(bytes) : bytes;

    /// <summary>Bytes that an allocation takes of a CUDA device.</summary>
    public static long TakenByCuda(long bytes)
    {
        var grain = bytes >= Large ? LargeGrain : SmallGrain;
        return (bytes + grain - 1) / grain * grain;
    }

    /// <summary>Whether the device computes in half precision at speed.</summary>
    public bool Computes(ScalarType type) => IsCuda || type != ScalarType.Float16;

    /// <summary>Whether torch attends in one kernel, with a mask, in every type; else it may write down all scores.</summary>
    public bool FusesAttention(int headDim) => computeCapability?.Major >= 8 && headDim % 8 == 0;

    /// <summary>
    /// Bytes of keys and values of a layer from which gathering a sequence's costs more than a call of its own that reads them where they lie:
    /// on a GPU what it copies in the time that the host takes for the call.
    /// </summary>
    public long GatherBytes => IsCuda ? 32 << 20 : 128 << 10;

    /// <summary>Refuses a format of weights with which torch has no product on this device; tried once.</summary>
    /// <exception cref="NotSupportedException">It has none.</exception>
    public void Require(WeightFormat format)
    {
        var missing = format switch { WeightFormat.Int8 => int8Missing.Value, WeightFormat.Int4 => int4Missing.Value, _ => null };
        if (missing is not null) throw new NotSupportedException($"{Name} cannot hold weights as {format}: {missing}");
    }

    /// <summary>Memory of a type. It is not cleared.</summary>
    /// <exception cref="InsufficientMemoryException">The device has no such memory.</exception>
    [SuppressMessage("Design", "MA0012:Do not raise reserved exception type", Justification = "It is what happened, and what callers of an allocation expect.")]
    public Tensor Allocate(long elements, ScalarType type)
    {
        try
        {
            return torch.empty(elements, dtype: type, device: Handle);
        }
        catch (ExternalException error) when (SaysOutOfMemory(error.Message))
        {
            throw new InsufficientMemoryException(Invariant($"{Name} has no room for {elements * Elements.BytesOf(type)} bytes: {FirstLine(error.Message)}"), error);
        }
    }

    /// <summary>Whether torch failed for want of memory, which its CUDA and its CPU allocator say in words of their own; an illegal access is no such thing.</summary>
    internal static bool SaysOutOfMemory(string message) =>
        message.Contains("out of memory", StringComparison.OrdinalIgnoreCase) || message.Contains("tried to allocate", StringComparison.OrdinalIgnoreCase);

    // Null is the CPU.
    private static bool TryParse(string name, out int? gpu)
    {
        gpu = null;
        if (string.Equals(name, "cpu", StringComparison.OrdinalIgnoreCase)) return true;
        var parts = name.Split(':', 2);
        var index = 0;
        if (parts.Length > 1 && !int.TryParse(parts[1], NumberStyles.None, CultureInfo.InvariantCulture, out index)) return false;
        gpu = index;
        return string.Equals(parts[0], "cuda", StringComparison.OrdinalIgnoreCase);
    }

    private static TorchDevice OpenCpu()
    {
        NativeLibraries.Require("torch_cpu", "TorchSharp-cpu");
        RequireDispatcher();
        return new TorchDevice(
            torch.CPU, "torch-cpu", Invariant($"torch {Dispatcher.Version}, {torch.get_num_threads()} of {Environment.ProcessorCount} threads"),
            GC.GetGCMemoryInfo().TotalAvailableMemoryBytes);
    }

    private static TorchDevice OpenCuda(int index)
    {
        var name = Invariant($"cuda:{index}");
        var facts = CudaDriver.TryRead(index, out var because);
        if (facts is null) throw new PlatformNotSupportedException($"{name} is not available: {because}. There is no fallback to the CPU: set Device = \"cpu\", or use another backend.");
        NativeLibraries.Require("torch_cuda", OperatingSystem.IsWindows() ? "TorchSharp-cuda-windows" : "TorchSharp-cuda-linux");
        RequireDispatcher();
        if (!torch.cuda.is_available())
            throw new PlatformNotSupportedException($"{name} ({facts.Name}) is there, but torch {Dispatcher.Version} cannot use it: its CUDA may be newer than the {facts.Driver} that the driver runs.");
        var count = torch.cuda.device_count();
        if (index >= count) throw new PlatformNotSupportedException(Invariant($"{name} is not available: torch sees {count} CUDA {(count == 1 ? "device" : "devices")}."));
        return new TorchDevice(
            new torch.Device(DeviceType.CUDA, index), name,
            $"{facts.Name}, compute capability {facts.ComputeCapability}, driver for CUDA {facts.Driver}, torch {Dispatcher.Version}", facts.TotalBytes, facts.ComputeCapability);
    }

    private static void RequireDispatcher()
    {
        if (!Dispatcher.IsThere)
            throw new PlatformNotSupportedException($"The libtorch that was loaded is older than 2.10, the version that TorchSharp {typeof(torch).Assembly.GetName().Version} is made for.");
    }

    private static string FirstLine(string text) => text.Split('\n', 2)[0].TrimEnd();
}

/// <summary>Element types.</summary>
internal static class Elements
{
    public static ScalarType TypeOf(Precision precision) => precision switch
    {
        Precision.Fp32 => ScalarType.Float32,
        Precision.Bf16 => ScalarType.BFloat16,
        Precision.Fp16 => ScalarType.Float16,
        _ => throw new NotSupportedException($"The TorchSharp backend cannot hold weights as {precision}; it holds Fp32, Bf16, Int8, Int4 and, on CUDA, Fp16."),
    };

    public static ScalarType TypeOf(TensorType stored) => stored switch
    {
        TensorType.BF16 => ScalarType.BFloat16,
        TensorType.F16 => ScalarType.Float16,
        _ => ScalarType.Float32,
    };

    public static int BytesOf(ScalarType type) => type switch
    {
        ScalarType.Float32 or ScalarType.Int32 => 4,
        ScalarType.BFloat16 or ScalarType.Float16 => 2,
        ScalarType.Int64 or ScalarType.Float64 => 8,
        ScalarType.Byte or ScalarType.Int8 => 1,
        _ => throw new NotSupportedException($"{type} holds neither weights nor indices."),
    };
}
