using System.Collections.Immutable;
using System.Text.Json.Serialization;
using Helios.Cli.Events;
using Helios.Cli.Options;
using Helios.Sdk.Lab;
using Helios.Sdk.Models;

namespace Helios.Cli.Results;

/// <summary>What <c>pull</c> prints.</summary>
internal sealed record Pulled(string Path, string Commit, int Files, long Bytes);

/// <summary>What <c>inspect</c> prints.</summary>
internal sealed record Inspection(
    string Name,
    string Architecture,
    int Layers,
    int HiddenSize,
    int VocabSize,
    int ContextLength,
    ImmutableArray<int> Exits,
    string Dtype,
    long Parameters,
    InspectedBytes Bytes,
    string? Tokenizer,
    string Precision)
{
    /// <summary>By the type of stored matrices how the device holds them; without those that it does not say.</summary>
    public required IReadOnlyDictionary<string, string> Held { get; init; }

    /// <summary>By the depth of an exit what it has of its own, those with something: norm, head, map, mlp.</summary>
    public required IReadOnlyDictionary<string, ImmutableArray<string>> ExitParts { get; init; }

    /// <summary>What holds for a request that says nothing else.</summary>
    public required InspectedGeneration Generation { get; init; }

    /// <summary>What a user should know of how the model is served; null if there is nothing.</summary>
    public string? Remark { get; init; }
}

/// <summary>
/// Ids that end an answer, how tokens are sampled where a request says nothing (temperature 0 is greedy), and the fields of the model's own defaults that
/// have no effect.
/// </summary>
internal sealed record InspectedGeneration(ImmutableArray<int> EndOfSequence, float Temperature, int TopK, float TopP, float MinP, float RepetitionPenalty, ImmutableArray<string> Ignored)
{
    public static InspectedGeneration Of(CheckpointInfo info) => new(
        info.EndOfSequenceIds,
        info.Sampling.Temperature,
        info.Sampling.TopK,
        info.Sampling.TopP,
        info.Sampling.MinP,
        info.Sampling.RepetitionPenalty,
        info.Sampling.Ignored);

    /// <summary>In words.</summary>
    public string ToWords() => string.Join(", ", Parts());

    private IEnumerable<string> Parts()
    {
        yield return Temperature == 0 ? "greedy" : Invariant($"temperature {Temperature}");
        if (TopK > 0) yield return Invariant($"top-k {TopK}");
        if (TopP < 1) yield return Invariant($"top-p {TopP}");
        if (MinP > 0) yield return Invariant($"min-p {MinP}");
        if (RepetitionPenalty != 1) yield return Invariant($"repetition penalty {RepetitionPenalty}");
    }
}

/// <summary>Bytes on the device in the precision asked for: the fixed part, the largest layer, and the KV of one token in one layer.</summary>
internal sealed record InspectedBytes(long Fixed, long PerLayer, long KvPerTokenPerLayer);

/// <summary>What <c>tokenize</c> prints of a text.</summary>
internal sealed record EncodedText(IReadOnlyList<int> Ids);

/// <summary>What <c>tokenize --decode</c> prints.</summary>
internal sealed record DecodedIds(string Text);

/// <summary>What <c>tokenize --lines</c> prints of each text.</summary>
internal sealed record EncodedLine(IReadOnlyList<int> Ids, string Decoded);

/// <summary>What <c>template</c> prints of a conversation; ids where the model has a tokenizer.</summary>
internal sealed record RenderedText(string Text, [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] IReadOnlyList<int>? Ids);

/// <summary>What <c>template</c> prints of one of several conversations that was not rendered.</summary>
internal sealed record NotRendered(string Error);

/// <summary>What <c>score</c> prints; the keys are depths.</summary>
internal sealed record Scored(int Tokens, IReadOnlyDictionary<string, double> Nll, IReadOnlyDictionary<string, int> TopId);

/// <summary>What <c>certify</c> prints; no certificate when no point qualifies, and the verdict says why.</summary>
internal sealed record Certified(string Verdict, int Requests, long Tokens, ImmutableArray<CertifyRow> Points, IssuedCertificate? Certificate)
{
    public static Certified Of(CertificationReport report) => new(
        report.Verdict,
        report.Requests,
        report.Tokens,
        [.. report.Points.Select(CertifyRow.Of)],
        report.Certificate is { } certificate ? IssuedCertificate.Of(certificate) : null);
}

/// <summary>A point of a certification; its interval is by scatter over requests.</summary>
internal sealed record CertifyRow(int Depth, string ExitPolicy, double Disagreement, double? Low, double? High, double? PValue, bool Certified, string? Because)
{
    public static CertifyRow Of(TestedPoint tested) => new(
        tested.Point.Depth, tested.Point.ExitPolicy, tested.Disagreement, tested.Interval?.Low, tested.Interval?.High, tested.PValue, tested.RefusedBecause is null, tested.RefusedBecause);
}

/// <summary>A certificate, but for its points, which are those that say so.</summary>
internal sealed record IssuedCertificate(string Checkpoint, string Precision, double MaxDisagreement, double Confidence, int Requests, long Tokens, int MaxTokensPerRequest, DateTimeOffset At)
{
    public static IssuedCertificate Of(RiskCertificate certificate) => new(
        certificate.Checkpoint, PrecisionOption.NameOf(certificate.Precision), certificate.MaxDisagreement, certificate.Confidence, certificate.Requests, certificate.Tokens, certificate.MaxTokensPerRequest, certificate.At);
}

/// <summary>What <c>generate</c> prints.</summary>
internal sealed record Generated(
    ImmutableArray<int> Ids,
    string Text,
    ImmutableArray<int> ExitDepths,
    string FinishReason,
    int LoadedLayers,
    long WeightBytes,
    long KvBytes,
    double TtftMs,
    double TpotMs)
{
    /// <summary>Beside each id how likely it was; there when <c>--logprobs</c> asks for it.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public IReadOnlyList<GeneratedLogprobs>? Logprobs { get; init; }
}

/// <summary>A token's natural log probability, and those of the likeliest in its place. Null where the probability is 0.</summary>
internal sealed record GeneratedLogprobs(double? Logprob, IReadOnlyList<GeneratedLogprob> Top);

/// <summary>One of the likeliest tokens.</summary>
internal sealed record GeneratedLogprob(int Id, double? Logprob);

/// <summary>What <c>profile</c> prints; the file says more.</summary>
internal sealed record Profiled(string Out, string Device, int Texts, ImmutableArray<ProfileLine> Points);
