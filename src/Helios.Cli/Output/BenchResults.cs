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

/// <summary>What <c>bench quality</c> prints.</summary>
internal sealed record QualityBenched(string Model, string Device, int Texts, ImmutableArray<QualityRow> Rows);

/// <summary>Quality of a precision at a depth, and how far it is from the first precision measured, at the same depth.</summary>
/// <param name="Precision">How weights are held.</param>
/// <param name="Depth">Layers that run.</param>
/// <param name="BitsPerByte">Over the UTF-8 bytes of the tokens that are predicted.</param>
/// <param name="GapBitsPerByte">Bits per byte less those of the first precision.</param>
/// <param name="Agreement">Share of positions whose top token is that of the first precision.</param>
/// <param name="Tokens">Tokens that are predicted.</param>
/// <param name="WeightBytes">Bytes of the weights loaded to this depth.</param>
/// <param name="KvPrecision">How keys and values are kept.</param>
internal sealed record QualityRow(
    string Precision,
    int Depth,
    double BitsPerByte,
    double GapBitsPerByte,
    double Agreement,
    long Tokens,
    long WeightBytes,
    string KvPrecision);

/// <summary>What <c>bench lossless</c> prints.</summary>
internal sealed record LosslessBenched(string Model, string Device, string Precision, int Layers, float Temperature, int MaxTokens, ImmutableArray<LosslessRow> Rows);

/// <summary>Decoding with drafts beside plain decoding at full depth, in turns; the answers were equal.</summary>
/// <param name="Draft">Exit at which tokens are drafted.</param>
/// <param name="Batch">Answers at a time.</param>
/// <param name="PlainTps">Tokens a second without drafts, the median over rounds.</param>
/// <param name="LosslessTps">The same with drafts.</param>
/// <param name="SpeedUp">The median over rounds of the one over the other.</param>
/// <param name="Acceptance">Share of drafted tokens that were what the full depth says; null when nothing was drafted.</param>
/// <param name="DraftedShare">Drafted tokens over tokens of answers.</param>
/// <param name="TokensPerStep">Tokens that a sequence got from a step, on average.</param>
/// <param name="Rounds">Rounds measured.</param>
internal sealed record LosslessRow(
    int Draft,
    int Batch,
    double PlainTps,
    double LosslessTps,
    double SpeedUp,
    double? Acceptance,
    double DraftedShare,
    double TokensPerStep,
    int Rounds);

/// <summary>What <c>bench exits</c> prints.</summary>
internal sealed record ExitsBenched(string Model, string Device, string Precision, int Depth, int Texts, int Tokens, ImmutableArray<ExitsRow> Rows);

/// <summary>An exit policy against the same depth without exits.</summary>
/// <param name="Policy">The policy.</param>
/// <param name="Looks">Depths at which it looks.</param>
/// <param name="BitsPerByte">Over the UTF-8 bytes of the tokens that are predicted, replayed with policy and KV fill in force.</param>
/// <param name="GapBitsPerByte">Bits per byte less those without exits.</param>
/// <param name="Agreement">Share of positions with the top token that there is without exits.</param>
/// <param name="MeanDepth">Layers that a token ran through, on average.</param>
/// <param name="ExitShares">Share of tokens that left at each depth.</param>
/// <param name="Speeds">Speed by answers at a time.</param>
internal sealed record ExitsRow(
    string Policy,
    ImmutableArray<int> Looks,
    double BitsPerByte,
    double GapBitsPerByte,
    double Agreement,
    double MeanDepth,
    IReadOnlyDictionary<string, double> ExitShares,
    ImmutableArray<ExitsSpeed> Speeds);

/// <summary>Speed of a policy, in turns with the same engine without exits.</summary>
/// <param name="Batch">Answers at a time.</param>
/// <param name="Tps">Tokens a second, the median over rounds.</param>
/// <param name="SpeedUp">The median over rounds of that over the speed without exits.</param>
internal sealed record ExitsSpeed(int Batch, double Tps, double SpeedUp);
