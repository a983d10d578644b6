using System.Collections.Immutable;
using System.Text.Json.Serialization;

namespace Helios.Cli.Benching;

/// <summary>What <c>bench decode</c> prints.</summary>
internal sealed record DecodeBenched(
    string Model,
    string Device,
    int Context,
    int Prefill,
    ImmutableArray<DecodeRow> Rows,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] Contention? Contention);

/// <summary>
/// Speed at a depth and batch, medians. <c>bytesPerStep</c> are the weights that a step reads, each once; <c>gbPerS</c> is
/// that over the step. <c>share</c> is the bandwidth of steps over that of the stream probe right behind them; null where
/// weights are not in the memory that the probe reads.
/// </summary>
internal sealed record DecodeRow(
    int Batch,
    int Depth,
    string Precision,
    double DecodeTps,
    double StepMs,
    double? PrefillTps,
    long WeightBytes,
    double GbPerS,
    double P90Ms,
    double P99Ms,
    int Steps,
    long BytesPerStep,
    double? StreamGbPerS,
    double? Share,
    string KvPrecision);

/// <summary>Steps at batch 1 on a quiet machine and beside another process that is busy on so many threads, in turns.</summary>
/// <param name="Threads">Busy threads of the other process.</param>
/// <param name="Depth">Layers that run.</param>
/// <param name="Quiet">Steps while it is idle.</param>
/// <param name="Contended">Steps while it is busy.</param>
/// <param name="MeanRatio">Contended mean over quiet mean.</param>
/// <param name="P99Ratio">Contended p99 over quiet p99.</param>
/// <param name="P99ToQuietMean">Contended p99 over quiet mean.</param>
internal sealed record Contention(int Threads, int Depth, StepTimes Quiet, StepTimes Contended, double MeanRatio, double P99Ratio, double P99ToQuietMean);

/// <summary>Times of steps.</summary>
internal sealed record StepTimes(double MeanMs, double MedianMs, double P99Ms, int Steps);

/// <summary>What <c>bench capacity</c> prints.</summary>
internal sealed record CapacityBenched(string Model, string Device, string Precision, long BudgetBytes, int Context, ImmutableArray<CapacityRow> Rows);

/// <summary>The most sequences that fit and ran at a depth; where not even one does, 0 of them at no speed.</summary>
internal sealed record CapacityRow
{
    public int Depth { get; init; }

    public long WeightBytes { get; init; }

    /// <summary>Bytes of the KV blocks of one sequence.</summary>
    public long KvBytesPerSequence { get; init; }

    public int MaxBatch { get; init; }

    public double DecodeTps { get; init; }

    /// <summary>Most resident bytes of the process while this row ran.</summary>
    public long PeakRssBytes { get; init; }

    public double StepMs { get; init; }

    public long WorkspaceBytes { get; init; }

    /// <summary>Bytes of the whole slabs in which the KV lies.</summary>
    public long KvSlabBytes { get; init; }

    /// <summary>Weights, activations and slabs together.</summary>
    public long BudgetUsedBytes { get; init; }

    /// <summary>How keys and values are kept.</summary>
    public required string KvPrecision { get; init; }

    /// <summary>Bytes that were resident before the row: the runtime and the program.</summary>
    public long RssBeforeBytes { get; init; }

    /// <summary>False where the system keeps no peak that can be reset: the resident bytes behind the last step stand in for it.</summary>
    public bool RssIsPeak { get; init; }
}
