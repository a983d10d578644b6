using System.Collections.Immutable;
using Helios.Cli.Options;

namespace Helios.Cli.Benching;

/// <summary>
/// Times decode steps and prefills of a loaded model, in rounds that go over every depth and batch: what drifts on the
/// machine drifts under all of them alike. On the host a pass of the stream probe follows each slice of steps.
/// </summary>
internal sealed class DecodeBench : IDisposable
{
    private const int Rounds = 10;
    private const double WarmSlice = 0.1;

    private readonly BenchedModel model;
    private readonly DecodePlan plan;
    private readonly BackendChoice backend;
    private readonly TimeProvider time;
    private readonly StreamProbe? probe;
    private readonly List<RigInSlab> rigs = [];
    private readonly List<Line> lines = [];

    public DecodeBench(BenchedModel model, DecodePlan plan, BackendChoice backend, TimeProvider time)
    {
        this.model = model;
        this.plan = plan;
        this.backend = backend;
        this.time = time;
        probe = backend.IsOnHost ? new StreamProbe(backend.Threads ?? Environment.ProcessorCount, time) : null;
        try
        {
            foreach (var depth in plan.Depths)
            {
                var held = new RigInSlab(model, plan, depth);
                rigs.Add(held);
                var prefills = new Samples();
                var bytes = model.BytesRead(depth);
                lines.AddRange(plan.Batches.Select(batch => new Line(held.Rig, batch, bytes, prefills)));
            }
        }
        catch
        {
            Dispose();
            throw;
        }
    }

    /// <summary>The rig of the greatest depth.</summary>
    public DecodeRig Deepest => rigs.Select(held => held.Rig).MaxBy(rig => rig.Depth)!;

    public ImmutableArray<DecodeRow> Measure(CancellationToken cancellationToken)
    {
        WarmUp.Run(() => Warm(cancellationToken), plan.WarmUpSeconds, time);
        var rounds = Math.Min(Rounds, plan.Steps ?? Rounds);
        var length = plan.Steps is { } steps ? new SliceLength((steps + rounds - 1) / rounds, 0) : new SliceLength(1, plan.Seconds / rounds);
        for (var round = 0; round < rounds; round++)
        {
            foreach (var line in lines)
            {
                // Every other round: a long prefill would take more of the time than all steps.
                if (round % 2 == 0 && plan.Prefill > 0 && line.Batch == plan.Batches[0]) line.Prefills.Add(TimePrefill(line.Rig));
                var slice = Slice(line, length, cancellationToken);
                line.Take(slice, probe?.Measure());
            }
        }

        return [.. lines.Select(Row)];
    }

    public void Dispose()
    {
        foreach (var rig in rigs) rig.Dispose();
        probe?.Dispose();
    }

    private void Warm(CancellationToken cancellationToken)
    {
        foreach (var line in lines) Slice(line, new SliceLength(1, WarmSlice), cancellationToken);
        foreach (var held in rigs) held.Rig.Prefill(plan.Prefill);
        probe?.Measure();
    }

    private Samples Slice(Line line, SliceLength length, CancellationToken cancellationToken)
    {
        var slice = new Samples();
        while (slice.Count < length.Steps || slice.Sum < length.Seconds)
        {
            cancellationToken.ThrowIfCancellationRequested();
            var started = time.GetTimestamp();
            line.Rig.Step(line.Batch);
            slice.Add(time.GetElapsedTime(started).TotalSeconds);
        }

        return slice;
    }

    private double TimePrefill(DecodeRig rig)
    {
        var started = time.GetTimestamp();
        rig.Prefill(plan.Prefill);
        return time.GetElapsedTime(started).TotalSeconds;
    }

    private DecodeRow Row(Line line)
    {
        var (depth, step) = (line.Rig.Depth, line.Steps.Median);
        return new DecodeRow(
            line.Batch,
            depth,
            model.PrecisionName,
            line.Batch / step,
            step * 1e3,
            line.Prefills.Count > 0 ? plan.Prefill / line.Prefills.Median : null,
            model.Size.ToDepth(depth),
            line.Bytes / step / 1e9,
            line.Steps.At(0.9) * 1e3,
            line.Steps.At(0.99) * 1e3,
            line.Steps.Count,
            line.Bytes,
            line.Streams.Count > 0 ? line.Streams.Median : null,
            line.Shares.Count > 0 ? line.Shares.Median : null,
            PrecisionOption.NameOf(backend.KvPrecision));
    }

    private readonly record struct SliceLength(int Steps, double Seconds);

    /// <summary>What is known of a depth and batch.</summary>
    private sealed record Line(DecodeRig Rig, int Batch, long Bytes, Samples Prefills)
    {
        public Samples Steps { get; } = new();

        public Samples Streams { get; } = new();

        /// <summary>Of each slice: bandwidth of its median step over that of the probe right behind it.</summary>
        public Samples Shares { get; } = new();

        public void Take(Samples slice, double? stream)
        {
            foreach (var step in slice.Values) Steps.Add(step);
            if (stream is not { } bandwidth) return;
            Streams.Add(bandwidth);
            Shares.Add(Bytes / slice.Median / 1e9 / bandwidth);
        }
    }
}

/// <summary>What <c>bench decode</c> is asked for.</summary>
/// <param name="Batches">Sequences of a step.</param>
/// <param name="Depths">Layers that run.</param>
/// <param name="Context">Tokens of each sequence in KV.</param>
/// <param name="Prefill">Tokens of the prompt that is prefilled; 0 for none.</param>
/// <param name="Steps">Steps of every row; null to go by time.</param>
/// <param name="Seconds">Seconds of steps for every row.</param>
/// <param name="WarmUpSeconds">Longest warm-up; one pass is always made.</param>
internal sealed record DecodePlan(
    ImmutableArray<int> Batches,
    ImmutableArray<int> Depths,
    int Context,
    int Prefill,
    int? Steps,
    double Seconds,
    double WarmUpSeconds);
