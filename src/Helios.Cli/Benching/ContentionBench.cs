namespace Helios.Cli.Benching;

/// <summary>Steps at batch 1 with another process idle and busy in turns.</summary>
internal sealed class ContentionBench(DecodeRig rig, BusyProcess neighbour, TimeProvider time)
{
    private const int Turns = 8;

    /// <summary>Measures.</summary>
    /// <param name="threads">Busy threads, for the record.</param>
    /// <param name="seconds">Seconds of steps in either state, at least one step a turn.</param>
    /// <param name="cancellationToken">Checked between steps.</param>
    public Contention Measure(int threads, double seconds, CancellationToken cancellationToken)
    {
        var (quiet, contended) = (new Samples(), new Samples());
        for (var turn = 0; turn < Turns; turn++)
        {
            Take(quiet, busy: false, seconds / Turns, cancellationToken);
            Take(contended, busy: true, seconds / Turns, cancellationToken);
        }

        neighbour.Switch(on: false);
        return new Contention(
            threads, rig.Depth, Times(quiet), Times(contended),
            contended.Mean / quiet.Mean, contended.At(0.99) / quiet.At(0.99), contended.At(0.99) / quiet.Mean);
    }

    private void Take(Samples into, bool busy, double seconds, CancellationToken cancellationToken)
    {
        neighbour.Switch(busy);
        var begun = time.GetTimestamp();
        do
        {
            cancellationToken.ThrowIfCancellationRequested();
            var started = time.GetTimestamp();
            rig.Step(batch: 1);
            into.Add(time.GetElapsedTime(started).TotalSeconds);
        }
        while (time.GetElapsedTime(begun).TotalSeconds < seconds);
    }

    private static StepTimes Times(Samples steps) => new(steps.Mean * 1e3, steps.Median * 1e3, steps.At(0.99) * 1e3, steps.Count);
}
