namespace Helios.Sdk.Energy;

/// <summary>
/// Energy of an NVIDIA GPU by NVML: its own counter if it has one (Volta and later), otherwise its power, integrated over the
/// time between readings; read it a few times a second then.
/// </summary>
public sealed class NvmlEnergyMeter : IEnergyMeter
{
    private readonly int device;
    private readonly INvml? nvml;
    private readonly string unavailable;
    private readonly TimeProvider time;
    private bool? counts;
    private (long At, double Watts)? previous;
    private double joules;

    /// <summary>Opens a GPU; if there is none, readings have the reason.</summary>
    /// <param name="device">Its NVML index, from 0: <c>CUDA_VISIBLE_DEVICES</c> does not renumber it.</param>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="device"/> is negative.</exception>
    public NvmlEnergyMeter(int device = 0)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(device);
        this.device = device;
        nvml = Nvml.TryOpen(device, out unavailable);
        time = TimeProvider.System;
    }

    internal NvmlEnergyMeter(INvml nvml, TimeProvider time)
    {
        this.nvml = nvml;
        this.time = time;
        unavailable = "";
    }

    /// <inheritdoc/>
    public string Source => Invariant($"NVML energy of GPU {device}");

    /// <inheritdoc/>
    public EnergyReading Read()
    {
        if (nvml is null) return EnergyReading.Unavailable(unavailable);

        // Once for all: the counter and the sum of power began at different moments, so their difference means nothing.
        if (counts != false && nvml.TryReadEnergy(out var counted))
        {
            counts = true;
            return EnergyReading.Of(counted / 1000.0);
        }

        if (counts == true) return EnergyReading.Unavailable("NVML can no longer read the energy counter of this GPU");
        if (!nvml.TryReadPower(out var milliwatts, out var because)) return EnergyReading.Unavailable(because);
        counts = false;
        return Integrate(milliwatts / 1000.0);
    }

    private EnergyReading Integrate(double watts)
    {
        var now = time.GetTimestamp();
        if (previous is var (at, before)) joules += (before + watts) / 2 * time.GetElapsedTime(at, now).TotalSeconds;
        previous = (now, watts);
        return EnergyReading.Of(joules);
    }
}
