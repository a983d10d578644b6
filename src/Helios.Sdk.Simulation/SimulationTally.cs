using System.Collections.Immutable;
using Helios.Sdk.Serving;
using Helios.Sdk.Serving.Decoding;
using Helios.Sdk.Serving.Requests;
using Helios.Sdk.Serving.Routing;
using Helios.Sdk.Serving.Streaming;

namespace Helios.Sdk.Simulation;

/// <summary>Counts what a simulation brings about.</summary>
internal sealed class SimulationTally : IServingObserver
{
    private const int Samples = 400;

    /// <summary>What a difference of two figures of a script may be off, in bits per byte.</summary>
    private const double Rounding = 1e-9;

    private readonly SimulationScript script;
    private readonly ScriptedTraffic traffic;
    private readonly SimulatedClock clock;
    private readonly TextRandom texts;
    private readonly Routes routes;
    private readonly SequenceTable sequences;
    private readonly double[] best;
    private readonly long[] phaseTokens;
    private readonly double[] phaseSeconds;
    private readonly StepHistogram steps = new();
    private readonly List<SimulationSample> samples = [];
    private readonly long requests;
    private readonly long warmUp;
    private long tokens;
    private double depth;
    private double agreement;
    private double gap;
    private long belowFloor;
    private double busy;
    private double scoring;
    private long completed;
    private (long Tokens, double Seconds) warm;
    private (long Tokens, double Seconds, double Depth) sampled;
    private long breaches;
    private (double Seconds, bool Decodes) step;

    public SimulationTally(SimulatedWorld world, Routes routes, SequenceTable sequences)
    {
        (script, traffic, clock, texts, this.routes, this.sequences) = (world.Script, world.Traffic, world.Clock, world.Texts, routes, sequences);
        best = [.. traffic.Kinds.Select((_, kind) => world.Models.Min(model => model.At(kind, model.Script.Layers).BitsPerByte))];
        phaseTokens = new long[script.Phases.Length];
        phaseSeconds = new double[script.Phases.Length];
        requests = script.Requests;
        warmUp = Math.Min(requests / 10, 1000);
    }

    /// <summary>Gap in bits per byte above which tokens count as below the floor; null counts none.</summary>
    public double? MaxQualityGap { get; init; }

    private int Phase => Math.Min(traffic.Phase, script.Phases.Length - 1);

    public void RequestArrived(Sequence sequence)
    {
    }

    public void StepRan(ServedModel model, in StepTiming timing, int waiting) => step.Seconds += timing.Times.Total;

    public void TokenEmitted(Sequence sequence, int depth, float confidence)
    {
        var kind = texts.KindOf(sequence.Tokens[0]);
        var exit = ((SimulatedWalk)sequence.Lease!.Served.Device).Model.At(kind, depth);
        tokens++;
        phaseTokens[Phase]++;
        this.depth += depth;
        agreement += exit.Agreement;
        var above = exit.BitsPerByte - best[kind];
        gap += above;
        if (above > MaxQualityGap + Rounding) belowFloor++;
        if (sequence.Answer.Length > 1) step.Decodes = true;
    }

    public void SequenceEnded(Sequence sequence, RequestOutcome outcome)
    {
        if (!outcome.IsCompleted) return;
        completed++;
        if (completed == warmUp) warm = (tokens, clock.Seconds);
        if (completed * Samples / requests != (completed - 1) * Samples / requests) Sample();
    }

    /// <summary>A step of the serving loop is over, of one model or several.</summary>
    public void EndStep()
    {
        busy += step.Seconds;
        phaseSeconds[Phase] += step.Seconds;
        if (step.Decodes) steps.Add(step.Seconds);
        step = default;
    }

    public void Scoring(double seconds) => scoring += seconds;

    public void Breach() => breaches++;

    public SimulationReport Report(int seed)
    {
        var seconds = clock.Seconds;
        return new SimulationReport
        {
            Script = script.Name,
            Seed = seed,
            Requests = completed,
            Tokens = tokens,
            Seconds = seconds,
            Throughput = seconds > warm.Seconds ? (tokens - warm.Tokens) / (seconds - warm.Seconds) : 0,
            MeanDepth = Mean(depth),
            Agreement = Mean(agreement),
            QualityGap = Mean(gap),
            BelowFloor = Mean(belowFloor),
            BusyShare = seconds > 0 ? busy / seconds : 0,
            ScoringShare = busy + scoring > 0 ? scoring / (busy + scoring) : 0,
            Breaches = breaches,
            Preemptions = sequences.Preemptions,
            StepMs = new StepPercentiles(steps.At(0.5) * 1e3, steps.At(0.95) * 1e3, steps.At(0.99) * 1e3),
            Phases = [.. script.Phases.Select((each, i) => new PhaseReport(each.Name, phaseTokens[i], phaseSeconds[i]))],
            Samples = [.. samples],
        };
    }

    private void Sample()
    {
        var now = clock.Seconds;
        var seconds = now - sampled.Seconds;
        var since = tokens - sampled.Tokens;
        samples.Add(new SimulationSample(
            now,
            completed,
            Phase,
            routes.Current!.Serving.Point,
            sequences.Running,
            sequences.Count - sequences.Running,
            seconds > 0 ? since / seconds : 0,
            since > 0 ? (depth - sampled.Depth) / since : 0,
            breaches));
        sampled = (tokens, now, depth);
    }

    private double Mean(double sum) => tokens == 0 ? 0 : sum / tokens;
}
