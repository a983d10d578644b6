using System.Diagnostics;

namespace Helios.Peers.Measuring;

/// <summary>
/// Steps several engines in turn, burst by burst, all sessions open throughout: what the machine does to one engine in a
/// second it does to the others in the next. Never two at once: an engine rests before the next one runs.
/// </summary>
internal sealed class Comparison : IDisposable
{
    private const int LeastSteps = 4;
    private static readonly TimeSpan BurstTime = TimeSpan.FromMilliseconds(200);

    private readonly IReadOnlyList<IEngine> engines;
    private readonly IReadOnlyList<Workload> workloads;
    private readonly Dictionary<(Workload, IEngine), ISession> sessions = [];

    public Comparison(IReadOnlyList<IEngine> engines, IReadOnlyList<Workload> workloads)
    {
        (this.engines, this.workloads) = (engines, workloads);
        try
        {
            foreach (var workload in workloads)
            {
                foreach (var engine in engines)
                {
                    sessions[(workload, engine)] = engine.Open(workload);
                    engine.Rest();
                }
            }
        }
        catch
        {
            Dispose();
            throw;
        }
    }

    /// <summary>Milliseconds of a step, the median of a burst in every round. One more round before them warms up.</summary>
    public Dictionary<(Workload Workload, IEngine Engine), Samples> Run(int rounds)
    {
        var times = sessions.Keys.ToDictionary(key => key, _ => new List<double>());
        for (var round = -1; round < rounds; round++)
        {
            foreach (var workload in workloads)
            {
                foreach (var engine in engines)
                {
                    var time = Burst(sessions[(workload, engine)], workload);
                    engine.Rest();
                    if (round >= 0) times[(workload, engine)].Add(time);
                }
            }
        }

        return times.ToDictionary(pair => pair.Key, pair => new Samples(pair.Value));
    }

    public void Dispose()
    {
        foreach (var session in sessions.Values) session.Dispose();
        sessions.Clear();
    }

    // A burst of several steps drops its first, which wakes the threads.
    private static double Burst(ISession session, Workload workload)
    {
        session.Rewind();
        var steps = new List<double>(workload.MaxSteps);
        var started = Stopwatch.GetTimestamp();
        while (steps.Count < workload.MaxSteps && (steps.Count < LeastSteps || Stopwatch.GetElapsedTime(started) < BurstTime))
        {
            var before = Stopwatch.GetTimestamp();
            session.Step();
            steps.Add(Stopwatch.GetElapsedTime(before).TotalMilliseconds);
        }

        return Samples.MedianOf([.. steps.Skip(steps.Count > 1 ? 1 : 0)]);
    }
}
