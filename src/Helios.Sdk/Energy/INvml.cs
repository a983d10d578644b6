namespace Helios.Sdk.Energy;

/// <summary>What <see cref="NvmlEnergyMeter"/> needs of NVML, for one device.</summary>
internal interface INvml
{
    /// <summary>Energy since the driver was loaded, in millijoules; false when the device does not count it.</summary>
    bool TryReadEnergy(out ulong millijoules);

    /// <summary>Power now, in milliwatts; when it cannot be read, why.</summary>
    bool TryReadPower(out uint milliwatts, out string because);
}
