using System.Collections.Immutable;
using Helios.Sdk.ExitPolicies;
using Helios.Sdk.Lab;
using Helios.Sdk.Models;
using Helios.Sdk.Serving.Requests;

namespace Helios.Sdk.Adaptation.Certification;

/// <summary>A certification request that was checked.</summary>
/// <param name="Bound">What is to be shown.</param>
/// <param name="Texts">What it is shown on, cut to what is counted.</param>
/// <param name="Points">Points, from the safest to the boldest.</param>
internal sealed record CertificationPlan(RiskBound Bound, ImmutableArray<CountableText> Texts, ImmutableArray<PlannedPoint> Points)
{
    /// <summary>Tokens of the longest text.</summary>
    public int LongestText => Texts.Max(text => text.Tokens.Length);

    /// <exception cref="ArgumentException">Something cannot be had; the message says what was found and what is expected.</exception>
    public static CertificationPlan Of(CertificationRequest request, CheckpointInfo model, ExitPolicyCatalog policies)
    {
        CheckShare(request.MaxDisagreement, nameof(request.MaxDisagreement));
        CheckShare(request.Confidence, nameof(request.Confidence));
        if (request.MaxTokensPerRequest < 1) throw RequestRules.Bad(nameof(request.MaxTokensPerRequest), request.MaxTokensPerRequest, "at least 1");

        var longest = Math.Min(request.MaxTokensPerRequest, model.Architecture.ContextLength - 1);
        ImmutableArray<CountableText> texts = [.. request.Texts.Select((text, i) => Cut(text, i, longest, model)).Where(text => text.Counted > 0)];
        if (texts.IsEmpty) throw new ArgumentException($"None of the {request.Texts.Count} texts has a token after its prompt; expected at least one.", nameof(request));
        return new CertificationPlan(
            new RiskBound(request.MaxDisagreement, request.Confidence, longest),
            texts,
            [.. PointsOf(request, model).Select((point, i) => Check(point, new(nameof(request.Points), Invariant($"{i}"), nameof(point.ExitPolicy)), model, policies))]);
    }

    private static IEnumerable<CertificationPoint> PointsOf(CertificationRequest request, CheckpointInfo model)
    {
        if (request.Points is { Count: > 0 } asked) return asked;
        if (model.Exits.Length < 2) throw new ArgumentException(Invariant($"'{model.Name}' has no exit below its full depth of {model.Architecture.Layers} layers; name depths or exit policies to certify."), nameof(request));
        return model.Exits.SkipLast(1).Reverse().Select(exit => new CertificationPoint(exit.Depth));
    }

    private static CountableText Cut(CalibrationText text, int index, int mostCounted, CheckpointInfo model)
    {
        if (text.PromptLength < 1 || text.PromptLength > text.TokenIds.Count)
            throw new ArgumentException(Invariant($"Text {index} has {text.TokenIds.Count} tokens and a prompt of {text.PromptLength}; expected a prompt of at least 1 token, within the text."), nameof(text));
        PromptRules.CheckIds(text.TokenIds, model);
        var length = Math.Min(Math.Min(text.TokenIds.Count, model.Architecture.ContextLength), text.PromptLength + mostCounted);
        return new CountableText([.. text.TokenIds.Take(length)], text.PromptLength);
    }

    private static PlannedPoint Check(CertificationPoint point, OptionPath option, CheckpointInfo model, ExitPolicyCatalog policies)
    {
        var layers = model.Architecture.Layers;
        if (point.Depth < 1 || point.Depth > layers) throw new ArgumentException(Invariant($"Depth {point.Depth} of '{model.Name}' does not exist; it has layers 1 to {layers}."), nameof(point));
        var policy = policies.Find(point.ExitPolicy, option);
        point = point with { ExitPolicy = policy.Name };
        if (policy is NoExitPolicy)
        {
            return point.Depth < layers
                ? new PlannedPoint(point, Policy: null)
                : throw new ArgumentException(Invariant($"Depth {layers} of '{model.Name}' without exits is its full depth, which needs no certificate."), nameof(point));
        }

        if (policy.Needs.HasFlag(ExitSignals.Confidence))
            throw new ArgumentException($"Exit policy '{point.ExitPolicy}' uses a calibration that is learnt while serving, so the certified policy would not be the one that runs; expected one that uses raw signals (top1, margin, entropy, patience).", nameof(point));
        return new PlannedPoint(point, policy);
    }

    private static void CheckShare(double value, string name)
    {
        if (value is not (> 0 and < 1)) throw RequestRules.Bad(name, value, "a number between 0 and 1");
    }
}

/// <summary>A text of the calibration set.</summary>
/// <param name="Tokens">Prompt and answer, cut to what is counted.</param>
/// <param name="PromptLength">Tokens of the prompt, at least 1.</param>
internal sealed record CountableText(int[] Tokens, int PromptLength)
{
    /// <summary>Tokens that are counted: those behind the prompt. The row before each says what it would be.</summary>
    public int Counted => Math.Max(0, Tokens.Length - PromptLength);

    /// <summary>Counts where two readings of the text differ.</summary>
    /// <param name="topIds">The likeliest token behind each token, as a point has it.</param>
    /// <param name="fullTopIds">The same at full depth.</param>
    public Statistics.Counted Compare(ReadOnlySpan<int> topIds, ReadOnlySpan<int> fullTopIds)
    {
        var differing = 0;
        for (var row = PromptLength - 1; row < Tokens.Length - 1; row++)
        {
            if (topIds[row] != fullTopIds[row]) differing++;
        }

        return new Statistics.Counted(differing, Counted);
    }
}

/// <summary>A point to be tested.</summary>
/// <param name="Point">The point.</param>
/// <param name="Policy">Its exits per token; null when it has none.</param>
internal sealed record PlannedPoint(CertificationPoint Point, IExitPolicy? Policy);
