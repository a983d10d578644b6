using System.Runtime.InteropServices;

namespace Helios.Sdk.Energy;

/// <summary>
/// NVIDIA's management library, which comes with the driver. It is found at run time, so that nothing depends on it, and
/// stays loaded for the life of the process.
/// </summary>
internal sealed unsafe class Nvml : INvml
{
    private const int Success = 0;

    private readonly nint library;
    private readonly nint device;
    private readonly delegate* unmanaged[Cdecl]<nint, ulong*, int> readEnergy;
    private readonly delegate* unmanaged[Cdecl]<nint, uint*, int> readPower;

    private Nvml(nint library, nint device)
    {
        this.library = library;
        this.device = device;
        readEnergy = (delegate* unmanaged[Cdecl]<nint, ulong*, int>)Export("nvmlDeviceGetTotalEnergyConsumption");
        readPower = (delegate* unmanaged[Cdecl]<nint, uint*, int>)Export("nvmlDeviceGetPowerUsage");
    }

    private static string LibraryName => OperatingSystem.IsWindows() ? "nvml.dll" : "libnvidia-ml.so.1";

    /// <summary>Opens a device; null, and the reason, when there is no driver or no such device.</summary>
    public static INvml? TryOpen(int index, out string because) => TryOpen(LibraryName, index, out because);

    /// <summary>The same from a library of another name.</summary>
    public static INvml? TryOpen(string name, int index, out string because)
    {
        because = "";
        if (!NativeLibrary.TryLoad(name, out var library))
        {
            because = $"NVML is missing: {name} could not be loaded (it is part of the NVIDIA driver)";
            return null;
        }

        nint device = 0;
        var init = (delegate* unmanaged[Cdecl]<int>)Find(library, "nvmlInit_v2");
        var open = (delegate* unmanaged[Cdecl]<uint, nint*, int>)Find(library, "nvmlDeviceGetHandleByIndex_v2");
        if (init is null || open is null)
        {
            because = $"{name} is not NVML: it has no nvmlInit_v2 or no nvmlDeviceGetHandleByIndex_v2";
            return null;
        }

        var result = init();
        if (result == Success) result = open((uint)index, &device);
        if (result == Success) return new Nvml(library, device);
        because = Invariant($"NVML has no GPU {index}: {Explain(library, result)}");
        return null;
    }

    public bool TryReadEnergy(out ulong millijoules)
    {
        ulong value = 0;
        var read = readEnergy is not null && readEnergy(device, &value) == Success;
        millijoules = value;
        return read;
    }

    public bool TryReadPower(out uint milliwatts, out string because)
    {
        uint value = 0;
        var result = readPower is null ? -1 : readPower(device, &value);
        milliwatts = value;
        because = result == Success ? "" : $"NVML reads neither energy nor power of this GPU: {Explain(library, result)}";
        return result == Success;
    }

    private static string Explain(nint library, int result)
    {
        var name = (delegate* unmanaged[Cdecl]<int, nint>)Find(library, "nvmlErrorString");
        return (name is null || result < 0 ? null : Marshal.PtrToStringUTF8(name(result))) ?? Invariant($"error {result}");
    }

    private static nint Find(nint library, string name) => NativeLibrary.TryGetExport(library, name, out var address) ? address : 0;

    private nint Export(string name) => Find(library, name);
}
