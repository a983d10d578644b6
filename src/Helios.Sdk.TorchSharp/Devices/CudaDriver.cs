using System.Runtime.InteropServices;
using System.Text;

namespace Helios.Sdk.TorchSharp.Devices;

/// <summary>What the CUDA driver says of a device. The driver is found at run time, so that nothing depends on it.</summary>
internal static unsafe class CudaDriver
{
    private const int Success = 0;
    private const int ComputeCapabilityMajor = 75;
    private const int ComputeCapabilityMinor = 76;

    private static string LibraryName => OperatingSystem.IsWindows() ? "nvcuda.dll" : "libcuda.so.1";

    /// <summary>Name, memory and compute capability of a device; null, and the reason, where the driver does not say.</summary>
    /// <param name="index">Device index, as torch counts.</param>
    /// <param name="because">Why there is no answer.</param>
    public static CudaFacts? TryRead(int index, out string because)
    {
        if (!NativeLibrary.TryLoad(LibraryName, out var library))
        {
            because = $"{LibraryName} could not be loaded (it is part of the NVIDIA driver)";
            return null;
        }

        var initialise = (delegate* unmanaged<uint, int>)Find(library, "cuInit");
        var version = (delegate* unmanaged<int*, int>)Find(library, "cuDriverGetVersion");
        var open = (delegate* unmanaged<int*, int, int>)Find(library, "cuDeviceGet");
        var name = (delegate* unmanaged<byte*, int, int, int>)Find(library, "cuDeviceGetName");
        var memory = (delegate* unmanaged<nuint*, int, int>)Find(library, "cuDeviceTotalMem_v2");
        var attribute = (delegate* unmanaged<int*, int, int, int>)Find(library, "cuDeviceGetAttribute");
        if (initialise is null || version is null || open is null || name is null || memory is null || attribute is null)
        {
            because = $"{LibraryName} lacks functions of the CUDA driver";
            return null;
        }

        var (driver, device, major, minor) = (0, 0, 0, 0);
        nuint bytes = 0;
        var text = stackalloc byte[128];
        var result = initialise(0);
        if (result == Success) result = version(&driver);
        if (result == Success) result = open(&device, index);
        if (result == Success) result = name(text, 128, device);
        if (result == Success) result = memory(&bytes, device);
        if (result == Success) result = attribute(&major, ComputeCapabilityMajor, device);
        if (result == Success) result = attribute(&minor, ComputeCapabilityMinor, device);
        because = result == Success ? "" : Invariant($"the CUDA driver answers error {result} for device {index}");
        if (result != Success) return null;
        return new CudaFacts(
            Encoding.UTF8.GetString(MemoryMarshal.CreateReadOnlySpanFromNullTerminated(text)),
            new Version(driver / 1000, driver % 1000 / 10), new Version(major, minor), (long)bytes);
    }

    /// <summary>Free bytes of a device as the driver counts them, other processes included; null where it does not say.</summary>
    /// <param name="index">Device index, as torch counts.</param>
    public static long? TryReadFree(int index)
    {
        if (!NativeLibrary.TryLoad(LibraryName, out var library)) return null;
        var initialise = (delegate* unmanaged<uint, int>)Find(library, "cuInit");
        var open = (delegate* unmanaged<int*, int, int>)Find(library, "cuDeviceGet");
        var retain = (delegate* unmanaged<nint*, int, int>)Find(library, "cuDevicePrimaryCtxRetain");
        var release = (delegate* unmanaged<int, int>)Find(library, "cuDevicePrimaryCtxRelease_v2");
        var push = (delegate* unmanaged<nint, int>)Find(library, "cuCtxPushCurrent_v2");
        var pop = (delegate* unmanaged<nint*, int>)Find(library, "cuCtxPopCurrent_v2");
        var read = (delegate* unmanaged<nuint*, nuint*, int>)Find(library, "cuMemGetInfo_v2");
        if (initialise is null || open is null || retain is null || release is null || push is null || pop is null || read is null) return null;

        var device = 0;
        nint context = 0;
        if (initialise(0) != Success || open(&device, index) != Success || retain(&context, device) != Success) return null;
        nuint free = 0;
        nuint total = 0;
        var known = push(context) == Success;
        if (known)
        {
            known = read(&free, &total) == Success;
            _ = pop(&context);
        }

        _ = release(device);
        return known ? (long)free : null;
    }

    private static nint Find(nint library, string name) => NativeLibrary.TryGetExport(library, name, out var address) ? address : 0;
}

/// <summary>A CUDA device.</summary>
/// <param name="Name">Product name.</param>
/// <param name="Driver">Newest CUDA version the driver runs.</param>
/// <param name="ComputeCapability">Generation of the hardware.</param>
/// <param name="TotalBytes">Memory of the device.</param>
internal sealed record CudaFacts(string Name, Version Driver, Version ComputeCapability, long TotalBytes);
