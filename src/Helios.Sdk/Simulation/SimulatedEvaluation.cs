using Helios.Sdk.Adaptation.Candidates;
using Helios.Sdk.Adaptation.Evaluation;
using Helios.Sdk.Adaptation.Journal;
using Helios.Sdk.Adaptation.Profiling;
using Helios.Sdk.Adaptation.Scoring;
using Helios.Sdk.Adaptation.Telemetry;

namespace Helios.Sdk.Simulation;

/// <summary>One candidate after another answers a few of the script's requests at full depth and is probed; then all score the same texts.</summary>
internal sealed class SimulatedEvaluation(
    SimulatedDevice device, SimulatedSwitcher switcher, ServingTelemetry telemetry, ITextScoring scoring, Profiles profiles, AdaptationJournal journal, EvaluationSettings settings)
    : ICandidateEvaluation
{
    public async Task RunAsync(IReadOnlyList<Candidate> candidates, CancellationToken cancellationToken)
    {
        var started = settings.Time.GetTimestamp();
        foreach (var candidate in candidates) await AnswerAsync(candidate, cancellationToken).ConfigureAwait(false);

        var texts = telemetry.Texts.Keep();
        settings.Work.Unlimited = true;
        foreach (var candidate in candidates) await scoring.CatchUpAsync(candidate, texts, cancellationToken).ConfigureAwait(false);
        settings.Work.Unlimited = false;

        profiles.Refresh(switcher.Present);
        foreach (var candidate in candidates)
            journal.Tell(new AdaptationEvent.Evaluated(journal.Now, candidate.Name, profiles.Of(candidate), settings.Time.GetElapsedTime(started)));
    }

    private async Task AnswerAsync(Candidate candidate, CancellationToken cancellationToken)
    {
        var point = new OperatingPoint(new LoadTarget(candidate.Name, candidate.FullDepth));
        var serves = device.Serving!.Point == point;
        var route = serves ? device.Serving : (await switcher.LoadAsync(point).ConfigureAwait(false)).Route;
        if (route is null) return;

        settings.Work.Unlimited = true;
        for (var rows = 1; rows <= settings.Serving.MaxBatchSize; rows *= 2)
        {
            for (var repeat = 0; repeat < 3; repeat++)
                candidate.Observe(await settings.Work.RunInBackgroundAsync(() => device.Probe(route.Model, rows, route.Depth)).ConfigureAwait(false));
        }

        settings.Work.Unlimited = false;
        var watch = telemetry.Watch(route, settings.RequestsPerCandidate);
        device.Evaluate(route, settings.RequestsPerCandidate);
        await watch.Done.WaitAsync(cancellationToken).ConfigureAwait(false);
        if (!serves) route.Model.Drop(route.Depth);
    }
}
