using System.Collections.Immutable;

namespace Helios.Sdk.Simulation;

/// <summary>Counts what a simulation brings about.</summary>
internal sealed class SimulationTally
{
    private const int Samples = 400;

    /// <summary>What a difference of two figures of a script may be off, in bits per byte.</summary>
    private const double Rounding = 1e-9;

    private readonly SimulationScript script;
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
    private double idle;
    private double scoring;
    private long completed;
    private (long Tokens, double Seconds) warm;
    private (long Tokens, double Seconds, double Depth) sampled;
    private long breaches;
    private int phase;

    public SimulationTally(SimulationScript script, IReadOnlyList<ScriptedModel> models, ImmutableArray<string> kinds)
    {
        this.script = script;
        best = [.. kinds.Select((_, kind) => models.Min(model => model.At(kind, model.Depths.Length - 1).BitsPerByte))];
        phaseTokens = new long[script.Phases.Length];
        phaseSeconds = new double[script.Phases.Length];
        requests = script.Requests;
        warmUp = Math.Min(requests / 10, 1000);
    }

    /// <summary>Gap in bits per byte above which tokens count as below the floor; null counts none.</summary>
    public double? MaxQualityGap { get; set; }

    public void Step(double seconds, int decodeRows, int phase)
    {
        this.phase = Math.Min(phase, script.Phases.Length - 1);
        busy += seconds;
        phaseSeconds[this.phase] += seconds;
        if (decodeRows > 0) steps.Add(seconds);
    }

    public void Idle(double seconds) => idle += seconds;

    public void Scoring(double seconds) => scoring += seconds;

    public void Breach() => breaches++;

    public void Token(SimulatedRoute route, int kind)
    {
        var exit = route.Model.At(kind, route.Exit);
        tokens++;
        phaseTokens[phase]++;
        depth += route.Depth;
        agreement += exit.Agreement;
        var above = exit.BitsPerByte - best[kind];
        gap += above;
        if (above > MaxQualityGap + Rounding) belowFloor++;
    }

    public void Completed(double now, SimulatedDevice device)
    {
        completed++;
        if (completed == warmUp) warm = (tokens, now);
        if (completed * Samples / requests == (completed - 1) * Samples / requests) return;

        var seconds = now - sampled.Seconds;
        var since = tokens - sampled.Tokens;
        samples.Add(new SimulationSample(
            now,
            completed,
            Math.Min(device.Traffic.Phase, script.Phases.Length - 1),
            device.Serving!.Point,
            device.Running,
            device.Waiting,
            seconds > 0 ? since / seconds : 0,
            since > 0 ? (depth - sampled.Depth) / since : 0,
            breaches));
        sampled = (tokens, now, depth);
    }

    public SimulationReport Report(int seed, double seconds) => new()
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
        StepMs = new StepPercentiles(steps.At(0.5) * 1e3, steps.At(0.95) * 1e3, steps.At(0.99) * 1e3),
        Phases = [.. script.Phases.Select((each, i) => new PhaseReport(each.Name, phaseTokens[i], phaseSeconds[i]))],
        Samples = [.. samples],
    };

    private double Mean(double sum) => tokens == 0 ? 0 : sum / tokens;
}
