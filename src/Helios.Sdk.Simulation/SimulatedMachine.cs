namespace Helios.Sdk.Simulation;

/// <summary>The machine on which everything of a simulation runs: how long things take on it now.</summary>
internal sealed class SimulatedMachine(SimulationScript script, ScriptedTraffic traffic, SimulatedClock clock, ulong seed)
{
    private SimulationRandom noise = new(seed);
    private double factor = 1;
    private int loads;

    /// <summary>A step begins: how it scatters, and what it runs beside, holds to its end.</summary>
    public void BeginStep()
    {
        var phase = script.Phases[Math.Min(traffic.Phase, script.Phases.Length - 1)];
        factor = phase.Slowdown * (loads > 0 ? script.LoadSlowdown : 1) * Math.Max(0.1, 1 + script.StepNoise * noise.Normal());
    }

    /// <summary>The step takes a while longer; returns how long that is on this machine.</summary>
    /// <param name="seconds">What the script's costs say.</param>
    public double Compute(double seconds)
    {
        clock.Spend(seconds * factor);
        return seconds * factor;
    }

    /// <summary>Reads weights of a model, as fast as the script says; fails where it says so.</summary>
    public async Task ReadAsync(string model, long bytes, CancellationToken cancellationToken)
    {
        loads++;
        try
        {
            await clock.DelayAsync(bytes / script.LoadBytesPerSecond, cancellationToken).ConfigureAwait(false);
        }
        finally
        {
            loads--;
        }

        if (script.LoadFaults.Any(fault => fault.Model == model && fault.FromRequest <= traffic.Made && traffic.Made < fault.ToRequest))
            throw new HeliosException("the script lets it fail");
    }
}
