using System.Collections.Immutable;

namespace Helios.Sdk.Simulation;

/// <summary>The results of a simulation. Equal for equal scripts, settings and seeds.</summary>
public sealed record SimulationReport
{
    /// <summary>Name of the script.</summary>
    public required string Script { get; init; }

    /// <summary>Seed of the traffic.</summary>
    public required int Seed { get; init; }

    /// <summary>Requests answered: all of the script's requests but those that the engine refused or could not serve.</summary>
    public required long Requests { get; init; }

    /// <summary>Answer tokens.</summary>
    public required long Tokens { get; init; }

    /// <summary>Simulated seconds from the first request to the last answer.</summary>
    public required double Seconds { get; init; }

    /// <summary>Tokens per second after the warm-up: the first 1,000 requests, or a tenth if that is less.</summary>
    public required double Throughput { get; init; }

    /// <summary>Mean layers a served token ran.</summary>
    public required double MeanDepth { get; init; }

    /// <summary>Share of served tokens that equal the full-depth token of their model, as the script has it.</summary>
    public required double Agreement { get; init; }

    /// <summary>Bits per byte of what served above those of the best whole model, mean over tokens, as the script has it.</summary>
    public required double QualityGap { get; init; }

    /// <summary>Share of tokens served by a point that the script puts below the quality floor for their kind of text.</summary>
    public required double BelowFloor { get; init; }

    /// <summary>Share of time in which a step ran.</summary>
    public required double BusyShare { get; init; }

    /// <summary>Share of the device's work that was scoring.</summary>
    public required double ScoringShare { get; init; }

    /// <summary>Times that the breach counter tripped.</summary>
    public required long Breaches { get; init; }

    /// <summary>Preemptions: a sequence gave up its KV and continued later.</summary>
    public required long Preemptions { get; init; }

    /// <summary>Times of steps with decoding sequences: the time between two tokens of a sequence.</summary>
    public required StepPercentiles StepMs { get; init; }

    /// <summary>The script's phases.</summary>
    public required ImmutableArray<PhaseReport> Phases { get; init; }

    /// <summary>Changes of the active point, oldest first.</summary>
    public ImmutableArray<SimulationChange> Changes { get; init; } = [];

    /// <summary>The run in about 400 samples, evenly by requests.</summary>
    public required ImmutableArray<SimulationSample> Samples { get; init; }
}

/// <summary>Percentiles of step times in milliseconds.</summary>
/// <param name="P50">Median.</param>
/// <param name="P95">95th percentile.</param>
/// <param name="P99">99th percentile.</param>
public readonly record struct StepPercentiles(double P50, double P95, double P99);

/// <summary>A phase of the script.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Tokens">Tokens served while its requests arrived.</param>
/// <param name="BusySeconds">Time of steps while its requests arrived.</param>
public sealed record PhaseReport(string Name, long Tokens, double BusySeconds);

/// <summary>A change of the active point.</summary>
/// <param name="Seconds">When.</param>
/// <param name="Trigger">Why it was considered.</param>
/// <param name="Previous">The active point before; null at first.</param>
/// <param name="Chosen">The active point from then on.</param>
/// <param name="Reason">Why.</param>
/// <param name="Degraded">Whether no point satisfied every constraint.</param>
public sealed record SimulationChange(double Seconds, AdaptationTrigger Trigger, OperatingPoint? Previous, OperatingPoint Chosen, string Reason, bool Degraded);

/// <summary>A moment of a simulation.</summary>
/// <param name="Seconds">When.</param>
/// <param name="Requests">Requests answered.</param>
/// <param name="Phase">Index of the phase whose requests arrive.</param>
/// <param name="Point">The active point.</param>
/// <param name="Running">Sequences that run.</param>
/// <param name="Waiting">Requests that wait.</param>
/// <param name="Throughput">Tokens per second since the last sample.</param>
/// <param name="MeanDepth">Mean layers a token ran since the last sample.</param>
/// <param name="Breaches">Times that the breach counter has tripped so far.</param>
public sealed record SimulationSample(double Seconds, long Requests, int Phase, OperatingPoint Point, int Running, int Waiting, double Throughput, double MeanDepth, long Breaches);

/// <summary>The adaptation loop compared with every fixed point.</summary>
public sealed record SimulationComparison
{
    /// <summary>The adaptation loop.</summary>
    public required SimulationReport Adaptive { get; init; }

    /// <summary>Every point that fits the budget, by model and ascending depth.</summary>
    public required ImmutableArray<FixedPoint> Fixed { get; init; }

    /// <summary>The fixed point with the highest throughput among those that are feasible in every phase; null if there is none.</summary>
    public FixedPoint? Best => Fixed.Where(point => point.InfeasibleBecause is null).MaxBy(point => point.Report.Throughput);

    /// <summary>Throughput of the adaptation loop over that of <see cref="Best"/>; null without one.</summary>
    public double? Ratio => Adaptive.Throughput / Best?.Report.Throughput;
}

/// <summary>A fixed point that served a whole script.</summary>
/// <param name="Target">The point.</param>
/// <param name="Report">Its report.</param>
/// <param name="InfeasibleBecause">The phase in which it is infeasible by the script's own figures, and the reason; null if it is feasible in all.</param>
public sealed record FixedPoint(LoadTarget Target, SimulationReport Report, string? InfeasibleBecause);
