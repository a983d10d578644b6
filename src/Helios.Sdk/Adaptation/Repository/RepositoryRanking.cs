using Helios.Sdk.Adaptation.Candidates;
using Helios.Sdk.Adaptation.Estimation;
using Helios.Sdk.Adaptation.Profiling;
using Helios.Sdk.Adaptation.Telemetry;
using Helios.Sdk.Serving.Routing;

namespace Helios.Sdk.Adaptation.Repository;

/// <summary>What a repository says of a model under an objective.</summary>
/// <param name="Score">Score of its best point; null when none is feasible.</param>
/// <param name="BitsPerByte">Quality at full depth; null when no text was scored.</param>
internal readonly record struct ModelRank(double? Score, double? BitsPerByte);

/// <summary>
/// Ranks models before anything of them is loaded: each exit is profiled from the repository's telemetry for the engine's own
/// budget, and scored by the objective under its constraints.
/// </summary>
/// <param name="repository">Offline telemetry.</param>
/// <param name="options">Whether models may be loaded in part.</param>
/// <param name="site">What the engine's models are measured on.</param>
/// <param name="telemetry">Lengths of a usual request, and demand.</param>
/// <param name="settings">The engine's budget and limits.</param>
internal sealed class RepositoryRanking(ModelRepository repository, AdaptationOptions options, MeasuredOn site, ServingTelemetry telemetry, ProfileSettings settings)
{
    /// <summary>Ranks by name of the model; those of which nothing is known are left out.</summary>
    /// <param name="models">The pool.</param>
    /// <param name="objective">The objective under its constraints.</param>
    public IReadOnlyDictionary<string, ModelRank> Rank(IEnumerable<ModelFacts> models, ISloObjective objective)
    {
        var known = models.Select(Recall).OfType<Candidate>().ToList();
        return new Profiles(known, telemetry, settings).Reckon()
            .GroupBy(point => point.Point.Target.Model, StringComparer.Ordinal)
            .ToDictionary(points => points.Key, points => Rank([.. points], objective), StringComparer.Ordinal);
    }

    private static ModelRank Rank(List<PointProfile> points, ISloObjective objective)
    {
        var scores = points.Select(objective.Score).Where(score => score.IsFeasible && double.IsFinite(score.Value)).ToList();
        return new ModelRank(scores.Count == 0 ? null : scores.Max(score => score.Value), points.Find(point => point.IsFullDepth)?.BitsPerByte);
    }

    /// <summary>A candidate that knows what the repository says, apart from the one that is to serve.</summary>
    private Candidate? Recall(ModelFacts model)
    {
        if (repository.Find(site.KeyOf(model.Info)) is not { } record) return null;

        // At other exits, what was counted below the full depth says nothing.
        var alike = options.LoadPartially && record.Depths.SequenceEqual(model.Info.Exits.Select(exit => exit.Depth));
        var candidate = new Candidate(
            model with { Confidence = new ConfidenceSource(Calibration.FromSidecar(model.Info)) },
            new AdaptationOptions { LoadPartially = alike, Candidates = 1, RequestsPerCandidate = Math.Max(1, record.Requests.Length) });
        candidate.Restore(record, keep: 1, record.Requests.Select(request => alike ? request.Evidence : AtFullDepth(request.Evidence)));
        return candidate;
    }

    private static RequestEvidence AtFullDepth(RequestEvidence request) =>
        request with { Exits = [request.Exits[^1]] };
}
