using System.Collections.Immutable;
using Helios.Sdk.Adaptation.Loading;
using Helios.Sdk.Adaptation.Scoring;
using Helios.Sdk.Adaptation.Statistics;
using Helios.Sdk.ExitPolicies;
using Helios.Sdk.Lab;
using Helios.Sdk.Models;

namespace Helios.Sdk.Adaptation.Certification;

/// <summary>
/// Certifies operating points on a calibration set. One pass at full depth reads every depth: taps are exact where all tokens
/// run the same layers. Exits per token change the KV that later tokens see, so these are replayed with it in force.
/// </summary>
internal sealed class Certifier(ModelPool pool, LayerwiseScorer scorer, PointReplay replay, CertifierSettings settings)
{
    public async Task<CertificationReport> RunAsync(CertificationRequest request, CancellationToken cancellationToken)
    {
        var entry = pool.Find(request.Model);
        var plan = CertificationPlan.Of(request, entry.Info, settings.Policies);
        ImmutableArray<int> depths = [.. plan.Points.Where(point => point.Policy is null).Select(point => point.Point.Depth).Append(entry.Info.Architecture.Layers).Order().Distinct()];
        var texts = await ReadAsync(entry, plan, depths, cancellationToken).ConfigureAwait(false);

        var counted = new List<CountedPoint>(plan.Points.Length);
        foreach (var point in plan.Points)
        {
            var requests = point.Policy is null
                ? Compare(plan.Texts, texts, depths.IndexOf(point.Point.Depth))
                : await replay.CountAsync(entry, point, plan.Texts, [.. texts.Select(text => text[^1])], cancellationToken).ConfigureAwait(false);
            counted.Add(new CountedPoint(point.Point, requests));
        }

        return Report(entry.Info, plan, FixedSequence.Test(counted, plan.Bound));
    }

    /// <summary>The likeliest token behind each: <c>[text][depth][row]</c>.</summary>
    private async Task<List<int[][]>> ReadAsync(PoolEntry entry, CertificationPlan plan, ImmutableArray<int> depths, CancellationToken cancellationToken)
    {
        var session = await scorer.OpenAsync(entry, [.. plan.Texts.Select(text => text.Tokens)], cancellationToken).ConfigureAwait(false)
            ?? throw new HeliosException(Invariant($"The memory budget has no room to score {plan.LongestText} tokens with '{entry.Info.Name}'."));
        await using (session.ConfigureAwait(false))
        {
            var read = new List<int[][]>(plan.Texts.Length);
            foreach (var group in session.Groups)
            {
                var scored = await session.ScoreAsync(group, depths, cancellationToken).ConfigureAwait(false);
                read.AddRange(scored.Texts.Select(text => text.Signals.Select(rows => rows.Select(row => row.TopId).ToArray()).ToArray()));
            }

            return read;
        }
    }

    private static ImmutableArray<Counted> Compare(ImmutableArray<CountableText> texts, List<int[][]> read, int depth) =>
        [.. texts.Select((text, i) => text.Compare(read[i][depth], read[i][^1]))];

    private CertificationReport Report(CheckpointInfo model, CertificationPlan plan, ImmutableArray<TestedPoint> tested)
    {
        var tokens = plan.Texts.Sum(text => (long)text.Counted);
        ImmutableArray<TestedPoint> certified = [.. tested.TakeWhile(point => point.RefusedBecause is null)];
        return new CertificationReport
        {
            Points = tested,
            Requests = plan.Texts.Length,
            Tokens = tokens,
            Verdict = certified.IsEmpty
                ? $"No point qualifies: {tested[0].Point}: {tested[0].RefusedBecause}."
                : Invariant($"Certified down to {certified[^1].Point}: at most {plan.Bound.MaxDisagreement:0.##%} of the tokens of traffic like these {plan.Texts.Length} texts differ from those of the full depth, with {plan.Bound.Confidence:0.##%} confidence."),
            Certificate = certified.IsEmpty ? null : new RiskCertificate
            {
                Model = model.Name,
                Checkpoint = model.Fingerprint,
                Precision = settings.Precision,
                MaxDisagreement = plan.Bound.MaxDisagreement,
                Confidence = plan.Bound.Confidence,
                Requests = plan.Texts.Length,
                Tokens = tokens,
                MaxTokensPerRequest = plan.Bound.LongestRequest,
                At = settings.Time.GetUtcNow(),
                Points = [.. certified.Select(point => new CertifiedPoint(point.Point.Depth, point.Point.ExitPolicy, point.Disagreement, point.PValue!.Value))],
            },
        };
    }
}

/// <summary>What holds for every certification.</summary>
/// <param name="Precision">How weights are held.</param>
/// <param name="Policies">The exit policies there are.</param>
/// <param name="Time">Clock.</param>
internal sealed record CertifierSettings(Precision Precision, ExitPolicyCatalog Policies, TimeProvider Time);
