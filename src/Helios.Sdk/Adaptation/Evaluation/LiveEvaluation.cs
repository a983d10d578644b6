using Helios.Sdk.Adaptation.Candidates;
using Helios.Sdk.Adaptation.Estimation;
using Helios.Sdk.Adaptation.Journal;
using Helios.Sdk.Adaptation.Loading;
using Helios.Sdk.Adaptation.Objectives;
using Helios.Sdk.Adaptation.Profiling;
using Helios.Sdk.Adaptation.Scoring;
using Helios.Sdk.Adaptation.Telemetry;
using Helios.Sdk.Serving;
using Helios.Sdk.Serving.Decoding;
using Helios.Sdk.Serving.Routing;

namespace Helios.Sdk.Adaptation.Evaluation;

/// <summary>
/// The paper's evaluation: one candidate after another answers a few live requests at full depth (the answers are the
/// answers), then all of them are scored on the same texts. A candidate that does not fit beside the active point is scored only;
/// one of which a former run has said enough answers nothing. One that fails, or takes longer than it may, is left alone for a
/// while and tried again later; the active point goes on serving.
/// </summary>
internal sealed class LiveEvaluation(PointSwitcher switcher, ServingTelemetry telemetry, ITextScoring scoring, StepProbe probe, Profiles profiles, AdaptationJournal journal, EvaluationSettings settings)
{
    private readonly LoadBackoff failures = new(settings.Time);
    private readonly HashSet<Candidate> answered = [];
    private bool isFirst = true;

    /// <summary>Evaluates candidates, one after another.</summary>
    /// <param name="candidates">Which; candidates of the present shortlist.</param>
    /// <param name="cancellationToken">Ends it.</param>
    public async Task RunAsync(IReadOnlyList<Candidate> candidates, CancellationToken cancellationToken)
    {
        var started = telemetry.Times.MarkNow(settings.Time);
        answered.UnionWith(candidates.Where(IsKnown));
        foreach (var candidate in candidates.Where(candidate => candidate.CostsAreInherited && candidate.Name == switcher.Serving!.Point.Target.Model))
            await TryAsync(candidate, token => RescaleAsync(candidate, candidates, token), cancellationToken).ConfigureAwait(false);
        foreach (var candidate in candidates.Except(answered).ToList())
            await TryAsync(candidate, token => AnswerAsync(candidate, token), cancellationToken).ConfigureAwait(false);
        var texts = telemetry.Texts.Keep();
        foreach (var candidate in candidates)
            await TryAsync(candidate, token => ScoreAsync(candidate, texts, token), cancellationToken).ConfigureAwait(false);

        isFirst = false;
        Publish(candidates, started);
    }

    /// <summary>Tries again what failed before, as far as it is due.</summary>
    /// <param name="candidates">Which; the present shortlist.</param>
    /// <param name="cancellationToken">Ends it.</param>
    public async Task RetryAsync(IReadOnlyList<Candidate> candidates, CancellationToken cancellationToken)
    {
        foreach (var candidate in candidates.Where(IsDue).ToList())
        {
            var started = telemetry.Times.MarkNow(settings.Time);
            await TryAsync(candidate, token => AnswerAsync(candidate, token), cancellationToken).ConfigureAwait(false);
            if (answered.Contains(candidate)) Publish([candidate], started);
        }
    }

    private void Publish(IReadOnlyList<Candidate> candidates, in RequestTimes.Mark started)
    {
        profiles.Refresh(switcher.Present);
        var traffic = telemetry.Times.Around(started, settings.Time);
        foreach (var candidate in candidates)
            journal.Publish(new AdaptationEvent.Evaluated(journal.Now, candidate.Name, profiles.Of(candidate), settings.Time.GetElapsedTime(started.At)) { Traffic = traffic });
    }

    /// <summary>Whether what is left of a former run says as much as an evaluation would.</summary>
    private bool IsKnown(Candidate candidate) => candidate.Restored is { } restored && restored.Requests >= settings.RequestsPerCandidate;

    private bool IsDue(Candidate candidate) => !answered.Contains(candidate) && !IsKnown(candidate) && failures.Check(candidate.Name) is null && switcher.Unreachable(Whole(candidate)) is null;

    private static LoadTarget Whole(Candidate candidate) => new(candidate.Name, candidate.FullDepth);

    private async Task TryAsync(Candidate candidate, Func<CancellationToken, Task> evaluate, CancellationToken cancellationToken)
    {
        try
        {
            await evaluate(cancellationToken).ConfigureAwait(false);
        }
        catch (Exception error) when (error is not OperationCanceledException)
        {
            answered.Remove(candidate);
            journal.EvaluationFailed(candidate.Name, error, failures.Failed(candidate.Name, error.Message));
        }
    }

    private async Task AnswerAsync(Candidate candidate, CancellationToken cancellationToken)
    {
        var present = switcher.Serving!;
        var point = new OperatingPoint(Whole(candidate));

        // The budget may be on its way down to one that has no room for this.
        if (present.Point != point && !switcher.FitsBeside(point.Target, settings.Goals.BudgetBytes)) return;
        var route = present.Point == point ? present : (await switcher.LoadAsync(point, cancellationToken).ConfigureAwait(false)).Route;
        if (route is null) return;

        try
        {
            foreach (var timing in await MeasureAsync(route, cancellationToken).ConfigureAwait(false)) candidate.Observe(timing);
            await HearAsync(route, cancellationToken).ConfigureAwait(false);

            // Now, while it is whole on the device: later its layers would have to be staged. Who joined late was scored with the others.
            if (isFirst || candidate.ScoredTexts == 0) await ScoreAsync(candidate, telemetry.Texts.Keep(), cancellationToken).ConfigureAwait(false);
            answered.Add(candidate);
            failures.Succeeded(candidate.Name);
        }
        finally
        {
            switcher.EndEvaluation();
            if (!ReferenceEquals(route, present)) route.Lease.Dispose();
        }
    }

    /// <summary>The machine may be faster or slower than when costs were kept: by as much as the active point is, all of them are taken to be.</summary>
    private async Task RescaleAsync(Candidate served, IReadOnlyList<Candidate> candidates, CancellationToken cancellationToken)
    {
        var timings = await MeasureAsync(switcher.Serving!, cancellationToken).ConfigureAwait(false);
        var known = served.Costs.Current;
        var ratios = timings.Select(timing => timing.Times.Total / known.Predict(timing.Rows, timing.SampledRows, timing.Depth, timing.ContextTokens)).Order().ToList();
        if (ratios.Count == 0) return;
        answered.UnionWith(candidates.Where(IsKnown));
        foreach (var candidate in candidates.Where(candidate => candidate.CostsAreInherited)) candidate.ScaleCosts(ratios[ratios.Count / 2]);
        foreach (var timing in timings) served.Observe(timing);
    }

    /// <summary>Lets a candidate answer live requests. They may be long in coming; only answering has a limit.</summary>
    private async Task HearAsync(Route route, CancellationToken cancellationToken)
    {
        var watch = telemetry.Watch(route, settings.RequestsPerCandidate);
        var evaluation = switcher.Evaluate(route, settings.RequestsPerCandidate);
        while (!watch.Done.IsCompleted)
        {
            var comes = evaluation.IsOpen;
            try
            {
                await watch.Done.WaitAsync(settings.TimeLimit, settings.Time, cancellationToken).ConfigureAwait(false);
            }
            catch (TimeoutException error)
            {
                if (!comes) throw new TimeoutException(Invariant($"Its {settings.RequestsPerCandidate} live requests were not answered within {settings.TimeLimit.TotalSeconds:0.#} s."), error);
            }
        }
    }

    private Task<IReadOnlyList<StepTiming>> MeasureAsync(Route route, CancellationToken cancellationToken) =>
        WithinLimitAsync($"Probing {route.Point.Target}", token => UnlimitedAsync(() => probe.MeasureAsync(route.Lease, settings.Serving.MaxBatchSize, token)), cancellationToken);

    private Task<bool> ScoreAsync(Candidate candidate, KeptTexts texts, CancellationToken cancellationToken) =>
        WithinLimitAsync($"Scoring with '{candidate.Name}'", token => UnlimitedAsync(async () =>
        {
            await scoring.CatchUpAsync(candidate, texts, token).ConfigureAwait(false);
            return true;
        }), cancellationToken);

    private async Task<T> WithinLimitAsync<T>(string what, Func<CancellationToken, Task<T>> work, CancellationToken cancellationToken)
    {
        using var limit = new CancellationTokenSource(settings.TimeLimit, settings.Time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, limit.Token);
        try
        {
            return await work(either.Token).ConfigureAwait(false);
        }
        catch (OperationCanceledException error) when (limit.IsCancellationRequested && !cancellationToken.IsCancellationRequested)
        {
            throw new TimeoutException(Invariant($"{what} took longer than {settings.TimeLimit.TotalSeconds:0.#} s."), error);
        }
    }

    /// <summary>The first evaluation has no limit to its share of the device: nothing can be decided before it has come to an end.</summary>
    private async Task<T> UnlimitedAsync<T>(Func<Task<T>> work)
    {
        if (!isFirst) return await work().ConfigureAwait(false);
        settings.Work.Unlimited = true;
        try
        {
            return await work().ConfigureAwait(false);
        }
        finally
        {
            settings.Work.Unlimited = false;
        }
    }
}

/// <summary>What holds for every evaluation.</summary>
/// <param name="RequestsPerCandidate">Live requests that each candidate answers.</param>
/// <param name="TimeLimit">Most time for a probe, the answers to those requests, or scoring.</param>
/// <param name="Serving">Limits of the serving loop.</param>
/// <param name="Goals">Bytes that the engine may take, or is to come down to.</param>
/// <param name="Work">The device thread.</param>
/// <param name="Time">Clock.</param>
internal sealed record EvaluationSettings(int RequestsPerCandidate, TimeSpan TimeLimit, ServingOptions Serving, Goals Goals, DeviceWork Work, TimeProvider Time);
