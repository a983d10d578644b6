using Helios.Sdk.Adaptation.Loading;
using Helios.Sdk.Adaptation.Telemetry;
using Helios.Sdk.Serving;

namespace Helios.Sdk.Adaptation.Evaluation;

/// <summary>
/// The paper's evaluation: one candidate after another answers a few live requests at full depth (the answers are the
/// answers), then all of them are scored on the same texts. A candidate that does not fit beside what serves is scored only.
/// </summary>
internal sealed class LiveEvaluation(PointSwitcher switcher, ServingTelemetry telemetry, ITextScoring scoring, StepProbe probe, Profiles profiles, AdaptationJournal journal, EvaluationSettings settings)
    : ICandidateEvaluation
{
    /// <inheritdoc/>
    public async Task RunAsync(IReadOnlyList<Candidate> candidates, CancellationToken cancellationToken)
    {
        var started = settings.Time.GetTimestamp();
        foreach (var candidate in candidates)
            await AnswerAsync(candidate, cancellationToken).ConfigureAwait(false);

        var texts = telemetry.Texts.Keep();
        foreach (var candidate in candidates)
            await UnlimitedAsync(() => scoring.CatchUpAsync(candidate, texts, cancellationToken)).ConfigureAwait(false);

        profiles.Refresh();
        foreach (var candidate in candidates)
            journal.Tell(new AdaptationEvent.Evaluated(journal.Now, candidate.Name, profiles.Of(candidate), settings.Time.GetElapsedTime(started)));
    }

    private async Task AnswerAsync(Candidate candidate, CancellationToken cancellationToken)
    {
        var present = switcher.Serving!;
        var point = new OperatingPoint(new LoadTarget(candidate.Name, candidate.FullDepth));
        var route = present.Point == point ? present : await switcher.LoadAsync(point, cancellationToken).ConfigureAwait(false);
        if (route is null) return;

        try
        {
            await UnlimitedAsync(() => probe.RunAsync(candidate, route.Lease, settings.Serving.MaxBatchSize, cancellationToken)).ConfigureAwait(false);
            var watch = telemetry.Watch(route, settings.RequestsPerCandidate);
            switcher.Evaluate(route, settings.RequestsPerCandidate);
            await watch.Done.WaitAsync(cancellationToken).ConfigureAwait(false);

            // Now, while it is whole on the device: later its layers would have to be staged.
            await UnlimitedAsync(() => scoring.CatchUpAsync(candidate, telemetry.Texts.Keep(), cancellationToken)).ConfigureAwait(false);
        }
        finally
        {
            switcher.EndEvaluation();
            if (!ReferenceEquals(route, present)) route.Lease.Dispose();
        }
    }

    /// <summary>Without a limit to its share of the device: nothing can be decided before this has come to an end.</summary>
    private async Task UnlimitedAsync(Func<Task> work)
    {
        settings.Work.Unlimited = true;
        try
        {
            await work().ConfigureAwait(false);
        }
        finally
        {
            settings.Work.Unlimited = false;
        }
    }
}

/// <summary>What holds for every evaluation.</summary>
/// <param name="RequestsPerCandidate">Live requests that each candidate answers.</param>
/// <param name="Serving">Limits of the serving loop.</param>
/// <param name="Work">The device thread.</param>
/// <param name="Time">Clock.</param>
internal sealed record EvaluationSettings(int RequestsPerCandidate, ServingOptions Serving, DeviceWork Work, TimeProvider Time);
