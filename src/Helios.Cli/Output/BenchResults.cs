using System.Collections.Immutable;
using System.Text.Json.Serialization;

namespace Helios.Cli.Output;

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
/// that over the step. <c>share</c> is the bandwidth of steps over that of the stream probe right behind them.
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
    double StreamGbPerS,
    double Share);

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
internal sealed record CapacityBenched(string Model, string Device, long BudgetBytes, int Context, ImmutableArray<CapacityRow> Rows);

/// <summary>
/// The most sequences that fit and ran at a depth. <c>peakRssBytes</c> is the process's resident peak while this row ran, of
/// which <c>rssBeforeBytes</c> were there before it; <c>rssIsPeak</c> is false where the system keeps no peak that can be
/// reset, and the resident size right behind the last step stands in for it.
/// </summary>
internal sealed record CapacityRow(
    int Depth,
    string Precision,
    long WeightBytes,
    long KvBytesPerSequence,
    int MaxBatch,
    double DecodeTps,
    long PeakRssBytes,
    double StepMs,
    long WorkspaceBytes,
    long KvSlabBytes,
    long BudgetUsedBytes,
    long RssBeforeBytes,
    bool RssIsPeak);
