using System.Globalization;
using Helios.Sdk.Backends;

namespace Helios.Sdk.Energy;

/// <summary>Finds the meter of a device.</summary>
internal static class EnergyMeters
{
    private const string Cuda = "cuda:";

    /// <summary>RAPL for the processor, NVML for a GPU of NVIDIA's, one that says that there is none for others.</summary>
    /// <param name="device">The backend's device.</param>
    public static IEnergyMeter For(DeviceInfo device)
    {
        if (device.Name == "cpu") return new RaplEnergyMeter();
        return device.Name.StartsWith(Cuda, StringComparison.Ordinal) && int.TryParse(device.Name.AsSpan(Cuda.Length), NumberStyles.None, CultureInfo.InvariantCulture, out var index)
            ? new NvmlEnergyMeter(index)
            : new NoEnergyMeter(device.Name);
    }

    private sealed class NoEnergyMeter(string device) : IEnergyMeter
    {
        public string Source => "no meter";

        public EnergyReading Read() => EnergyReading.Unavailable($"no meter is known for device '{device}'");
    }
}
