using System.Collections.Immutable;

namespace Helios.ModelBench.Output;

/// <summary>What <c>quality</c> prints.</summary>
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

/// <summary>What <c>lossless</c> prints.</summary>
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

/// <summary>What <c>exits</c> prints.</summary>
internal sealed record ExitsBenched(string Model, string Device, string Precision, int Depth, int Texts, int Tokens, ImmutableArray<ExitsRow> Rows);

/// <summary>An exit policy against the same depth without exits.</summary>
/// <param name="Policy">The policy.</param>
/// <param name="Checks">Depths at which it checks.</param>
/// <param name="BitsPerByte">Over the UTF-8 bytes of the tokens that are predicted, replayed with policy and KV fill in force.</param>
/// <param name="GapBitsPerByte">Bits per byte less those without exits.</param>
/// <param name="Agreement">Share of positions with the top token that there is without exits.</param>
/// <param name="MeanDepth">Layers that a token ran through, on average.</param>
/// <param name="ExitShares">Share of tokens that left at each depth.</param>
/// <param name="Speeds">Speed by answers at a time.</param>
internal sealed record ExitsRow(
    string Policy,
    ImmutableArray<int> Checks,
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
