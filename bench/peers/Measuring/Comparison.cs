using System.Diagnostics;
using System.Runtime;

namespace Helios.Peers.Measuring;

/// <summary>
/// Steps several engines in turn, burst by burst, all sessions open throughout: what the machine does to one engine in a
/// second it does to the others in the next. Never two at once: an engine rests before the next one runs.
/// </summary>
internal sealed class Comparison : IDisposable
{
    private const int LeastSteps = 4;
    private const int MostWarmUps = 4;
    private static readonly TimeSpan BurstTime = TimeSpan.FromMilliseconds(120);

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

    /// <summary>Milliseconds of a step, the median of a burst in every round, once our code is compiled for good.</summary>
    public Dictionary<(Workload Workload, IEngine Engine), Samples> Run(int rounds)
    {
        WarmUp();
        var times = sessions.Keys.ToDictionary(key => key, _ => new List<double>());
        for (var round = 0; round < rounds; round++) Round((key, time) => times[key].Add(time));
        return times.ToDictionary(pair => pair.Key, pair => new Samples(pair.Value));
    }

    public void Dispose()
    {
        foreach (var session in sessions.Values) session.Dispose();
        sessions.Clear();
    }

    // Rounds until one of them compiles nothing.
    private void WarmUp()
    {
        var compiled = -1L;
        for (var round = 0; round < MostWarmUps && JitInfo.GetCompiledMethodCount() != compiled; round++)
        {
            compiled = JitInfo.GetCompiledMethodCount();
            Round((_, _) => { });
        }
    }

    private void Round(Action<(Workload, IEngine), double> report)
    {
        foreach (var workload in workloads)
        {
            foreach (var engine in engines)
            {
                report((workload, engine), Burst(sessions[(workload, engine)], workload));
                engine.Rest();
            }
        }
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
