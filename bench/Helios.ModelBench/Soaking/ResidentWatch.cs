using Helios.Cli.Benching;

namespace Helios.ModelBench.Soaking;

/// <summary>Resident bytes of this process, looked at every second while something runs.</summary>
internal sealed class ResidentWatch(TimeProvider time)
{
    private static readonly TimeSpan Period = TimeSpan.FromSeconds(1);

    private readonly List<long> samples = [];

    /// <summary>Median of the fifth around the middle.</summary>
    public long Middle => Median(0.4, 0.6);

    /// <summary>Median of the last tenth.</summary>
    public long End => Median(0.9, 1);

    /// <summary>Watches until the work ends, however it ends.</summary>
    public async Task WatchAsync(Task work)
    {
        while (!work.IsCompleted)
        {
            samples.Add(Environment.WorkingSet);
            await Task.WhenAny(work, Task.Delay(Period, time)).ConfigureAwait(false);
        }
    }

    private long Median(double from, double to)
    {
        var some = new Samples();
        for (var i = (int)(from * samples.Count); i < Math.Max(to * samples.Count, from * samples.Count + 1) && i < samples.Count; i++) some.Add(samples[i]);
        return (long)some.Median;
    }
}
