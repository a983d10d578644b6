using Helios.Sdk.Adaptation.Candidates;
using Helios.Sdk.Adaptation.Evaluation;
using Helios.Sdk.Adaptation.Journal;
using Helios.Sdk.Adaptation.Loading;
using Helios.Sdk.Adaptation.Objectives;
using Helios.Sdk.Adaptation.Profiling;
using Helios.Sdk.Adaptation.Repository;
using Helios.Sdk.Adaptation.Scoring;
using Helios.Sdk.Adaptation.Selection;
using Helios.Sdk.Adaptation.Telemetry;
using Helios.Sdk.Serving;

namespace Helios.Sdk.Adaptation;

/// <summary>
/// The other loop: evaluate the candidates, select a point, load it, publish it; then guard it and reassess. It never runs
/// a step; it reads telemetry, posts work to the device thread, and swaps the route table.
/// </summary>
internal sealed class AdaptationLoop(AdaptationParts parts)
{
    private readonly TaskCompletionSource ready = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly ShadowScoring shadow = new(parts.Profiles, parts.Scoring, parts.Telemetry, parts.Switcher, parts.Work, parts.Journal);
    private readonly FloorRule floor = parts.Rules.Floor;
    private readonly Reconsiderations reconsiderations = new();
    private readonly Residence residence = new(parts.Options, parts.Time);
    private Reachable? objective;

    /// <summary>Completes when the first model serves; fails when none can.</summary>
    public Task Ready => ready.Task;

    /// <summary>Whether anything ever changes.</summary>
    public bool Adapts => parts.Options.Enabled;

    /// <summary>Whether the last decision found nothing feasible.</summary>
    public bool Degraded { get; private set; }

    /// <summary>The active point; null before the first.</summary>
    public OperatingPoint? Serving => parts.Switcher.Present;

    /// <summary>Any thread: a goal was changed. Completes with what is decided upon it, once that serves or could not be brought up.</summary>
    /// <exception cref="HeliosException">The loop has ended.</exception>
    public Task<AdaptationDecision> ReconsiderAsync(AdaptationTrigger trigger) => reconsiderations.AskAsync(trigger, parts.Telemetry.Signals);

    /// <summary>Any thread: a goal was changed, and no caller waits for what is decided upon it.</summary>
    public void Reconsider(AdaptationTrigger trigger) => reconsiderations.Request(trigger, parts.Telemetry.Signals);

    /// <summary>Runs until cancelled. Failures of candidates are recorded and survived; only a bug ends it.</summary>
    public async Task RunAsync(CancellationToken cancellationToken)
    {
        try
        {
            await ServeFirstAsync(cancellationToken).ConfigureAwait(false);
            if (!parts.Options.Enabled) return;

            await EvaluateAsync(cancellationToken).ConfigureAwait(false);
            await SelectAsync(AdaptationTrigger.Start, stayBecause: null, cancellationToken).ConfigureAwait(false);
            await ReactAsync(cancellationToken).ConfigureAwait(false);
        }
        catch (Exception error)
        {
            ready.TrySetException(error is OperationCanceledException ? new HeliosException("The engine stopped before a model served.", error) : error);
            _ = ready.Task.Exception; // waiting for it is optional
            throw;
        }
        finally
        {
            reconsiderations.End();

            // It uses the pool, which is disposed after this; the device thread has cancelled what it waits for.
            await shadow.EndAsync().ConfigureAwait(false);
            Keep();
        }
    }

    /// <summary>
    /// Something serves before anything is known: the first candidate that fits, as deep as fits. A load that failed may have
    /// failed for a moment, so it is tried again when the back-off is over, a few times.
    /// </summary>
    private async Task ServeFirstAsync(CancellationToken cancellationToken)
    {
        const int Attempts = 3;
        for (var attempt = 1; await TryServeFirstAsync(cancellationToken).ConfigureAwait(false) is { Count: > 0 } refusals; attempt++)
        {
            if (parts.State.EndedBecause is { } end) throw end;
            var failed = parts.Profiles.Candidates.Where(candidate => parts.Switcher.RetryAfter(candidate.Name) is not null).ToList();
            if (failed.Count == 0) throw new HeliosException($"No model of the pool can be served within the memory budget. {Describe(Least())} Refused: {string.Join("; ", refusals)}");
            if (attempt == Attempts) throw new HeliosException($"No model of the pool could be loaded in {Attempts} attempts: {string.Join("; ", refusals)}");

            // A timer may be early; until one of them is due, nothing is gained.
            while (failed.Select(candidate => parts.Switcher.RetryAfter(candidate.Name)).ToList() is var waits && !waits.Contains(null))
                await Task.Delay(waits.Min()!.Value, parts.Time, cancellationToken).ConfigureAwait(false);
        }

        ready.TrySetResult();
    }

    /// <summary>Why no candidate could be served however often it were tried: the memory budget is too small; null when it is not. By headers alone: nothing is loaded.</summary>
    public OptionFault? FindBudgetTrouble() => Least() is var least && least.Bytes > parts.Profiles.BudgetBytes ? Describe(least) : null;

    private (LoadTarget Target, long Bytes) Least() => parts.Profiles.Candidates
        .Select(candidate => new LoadTarget(candidate.Name, FirstDepths(candidate).Last()))
        .Select(target => (target, parts.Switcher.BytesWithOneSequence(target)))
        .MinBy(one => one.Item2);

    /// <summary>What the memory budget is, and what it would have to be.</summary>
    private OptionFault Describe((LoadTarget Target, long Bytes) least) => new(
        nameof(HeliosOptions.MemoryBudgetBytes),
        Invariant($"{parts.Profiles.BudgetBytes}"),
        Invariant($"at least {least.Bytes}: {least.Target} with one sequence is the smallest candidate"));

    /// <summary>Nothing when something serves; else why each candidate does not, at the shallowest depth that it may.</summary>
    private async Task<List<string>> TryServeFirstAsync(CancellationToken cancellationToken)
    {
        var refusals = new List<string>();
        foreach (var candidate in parts.Profiles.Candidates)
        {
            var refusal = "";
            foreach (var depth in FirstDepths(candidate))
            {
                var target = new LoadTarget(candidate.Name, depth);
                var point = parts.Options.Enabled ? new OperatingPoint(target) : new OperatingPoint(target, parts.ExitPolicy, parts.Serving.DraftDepth);
                if (await parts.Switcher.ServeAsync(point, maxBatch: null, cancellationToken).ConfigureAwait(false) is not { } because) return [];
                refusal = $"{target}: {because}";
            }

            refusals.Add(refusal);
        }

        return refusals;
    }

    private IEnumerable<int> FirstDepths(Candidate candidate)
    {
        if (!parts.Options.Enabled) return [parts.Options.FixedDepth ?? candidate.FullDepth];
        return candidate.Depths.Reverse();
    }

    /// <summary>Live requests may be long in coming: a goal that is changed meanwhile is dealt with by what is known, and evaluation goes on.</summary>
    private async Task EvaluateAsync(CancellationToken cancellationToken)
    {
        while (!await reconsiderations.TryUntilAskedAsync(token => parts.Evaluation.RunAsync(parts.Profiles.Candidates, token), cancellationToken).ConfigureAwait(false))
            await ReselectAsync(cancellationToken).ConfigureAwait(false);
    }

    private async Task ReactAsync(CancellationToken cancellationToken)
    {
        await foreach (var signal in parts.Telemetry.Signals.ReadAsync(cancellationToken).ConfigureAwait(false))
        {
            switch (signal)
            {
                case { Trigger: AdaptationTrigger.Breach }:
                    await ApplyBreachRuleAsync(cancellationToken).ConfigureAwait(false);
                    break;
                case { Trigger: AdaptationTrigger.ObjectiveChanged or AdaptationTrigger.LimitsChanged or AdaptationTrigger.BudgetChanged }:
                    await ReselectAsync(cancellationToken).ConfigureAwait(false);
                    break;
                case { Trigger: AdaptationTrigger.LoadChanged or AdaptationTrigger.PaceChanged }:
                    // What texts have shown is as true as before; only speed is another. A point below its floor is left for that.
                    residence.Unsettle();
                    Pause();
                    await ApplyFloorRuleAsync(cancellationToken).ConfigureAwait(false);
                    parts.Profiles.Refresh(parts.Switcher.Present);
                    await SelectAsync(signal.Trigger, TooLittle(), cancellationToken).ConfigureAwait(false);
                    break;
                case { Scored: true }:
                    if (signal.Trigger == AdaptationTrigger.Quality) await ApplyFloorRuleAsync(cancellationToken).ConfigureAwait(false);
                    else await ReassessAsync(signal.Trigger, cancellationToken).ConfigureAwait(false);
                    shadow.Next(cancellationToken);
                    break;
                default:
                    // Scoring waits for its share of the device; a breach must not wait for scoring.
                    shadow.Request(signal.Trigger, cancellationToken);
                    break;
            }
        }
    }

    /// <summary>The active point has scored texts: when they show it below its floor, it is left, however sure its tokens look.</summary>
    private async Task ApplyFloorRuleAsync(CancellationToken cancellationToken)
    {
        parts.Profiles.Refresh(parts.Switcher.Present);
        if (ServingProfile() is not { } serving) return;
        parts.Telemetry.Sampling.WantsMore = floor.WantsMore(serving);
        if (!floor.IsBreached(serving, out var because)) return;

        parts.Journal.Publish(new AdaptationEvent.QualityBreach(
            parts.Journal.Now, serving.Point, because, serving, parts.Telemetry.ServedTokens, parts.Telemetry.Sampling.ScoredTokens));
        var decision = await SelectAsync(AdaptationTrigger.Quality, stayBecause: null, cancellationToken).ConfigureAwait(false);
        if (decision.Act == AdaptationAct.Keep) parts.Journal.Publish(new AdaptationEvent.Stayed(parts.Journal.Now, decision));
    }

    /// <summary>Too little evidence is no reason for a change: it asks for more texts. Null when there is enough.</summary>
    private string? TooLittle()
    {
        if (ServingProfile() is not { } serving) return null;
        parts.Telemetry.Sampling.WantsMore = floor.WantsMore(serving);
        return serving.EvidenceRequests < parts.Options.RequestsPerCandidate ? $"the active point {floor.Lack(serving)}, too little evidence for a change: more texts are scored" : null;
    }

    private PointProfile? ServingProfile() => parts.Profiles.Latest.FirstOrDefault(profile => profile.IsServing);

    /// <summary>A goal was changed: another shortlist, and a selection from it with what is known now. Who asks meanwhile gets one of his own.</summary>
    private async Task ReselectAsync(CancellationToken cancellationToken)
    {
        HasAnotherTarget();
        // Its signal may be older than the selection that dealt with it.
        if (reconsiderations.Pending is { } trigger)
            await reconsiderations.AnswerAsync(() => ReselectAsync(trigger, cancellationToken)).ConfigureAwait(false);
    }

    private async Task<AdaptationDecision> ReselectAsync(AdaptationTrigger trigger, CancellationToken cancellationToken)
    {
        var before = parts.Profiles.Candidates;
        var present = before.Where(candidate => candidate.Name == Serving!.Target.Model);
        List<Candidate> shortlist = [.. parts.Pool.Choose(parts.Rules.Objective(parts.Telemetry.Lengths), parts.Goals.BudgetBytes).Union(present)];
        parts.Profiles.Replace(shortlist);
        var texts = parts.Telemetry.Texts.Keep();
        foreach (var newcomer in shortlist.Except(before))
            await parts.Scoring.CatchUpAsync(newcomer, texts, cancellationToken).ConfigureAwait(false);

        residence.Unsettle();
        Pause();
        return await SelectAsync(trigger, stayBecause: null, cancellationToken).ConfigureAwait(false);
    }

    private async Task ReassessAsync(AdaptationTrigger trigger, CancellationToken cancellationToken)
    {
        // A guard that tripped in vain rests until here: nothing it could choose from has changed in between.
        if (parts.Telemetry.BreachWatch is { BreachesAtTrip: > 0 }) parts.Switcher.RenewBreachWatch();

        // Recorded first: whatever is chosen below, a point that was below its floor was left for that.
        floor.Rearm();
        await ApplyFloorRuleAsync(cancellationToken).ConfigureAwait(false);
        parts.Profiles.Refresh(parts.Switcher.Present);
        var tooLittle = TooLittle();
        // Interrupted by a change of goals, it is due again at the next reassessment.
        if (tooLittle is null) await reconsiderations.TryUntilAskedAsync(token => parts.Evaluation.RetryAsync(parts.Profiles.Candidates, token), cancellationToken).ConfigureAwait(false);
        if (trigger == AdaptationTrigger.Drift) residence.Unsettle();
        var decision = await SelectAsync(trigger, tooLittle, cancellationToken).ConfigureAwait(false);
        if (tooLittle is null && decision.Act == AdaptationAct.Keep) residence.Kept();
        Pause(tooLittle is not null);
        parts.Journal.Publish(new AdaptationEvent.Reassessed(parts.Journal.Now, decision));
        Keep();
    }

    /// <summary>The next reassessment is further away, and fewer texts are scored until then, the more reassessments have shown nothing new.</summary>
    /// <param name="soon">Whether the last reassessment ended for want of evidence.</param>
    private void Pause(bool soon = false)
    {
        parts.Telemetry.Sampling.IsSettled = residence.IsSettled;
        parts.Telemetry.Reassessed(soon ? 1 : residence.Stretch);
    }

    private void Keep() => parts.Store?.Save(parts.Profiles.Candidates, parts.Telemetry.Lengths);

    private async Task<AdaptationDecision> SelectAsync(AdaptationTrigger trigger, string? stayBecause, CancellationToken cancellationToken)
    {
        parts.Profiles.Refresh(parts.Switcher.Present);
        objective = new Reachable(parts.Rules.Objective(parts.Telemetry.Lengths), parts.Switcher.Unreachable);
        var resting = parts.Faults?.Because(objective.Name);
        var decision = Decide(objective, trigger, stayBecause);
        // Where scores are not to be had, that is no reason to leave the active point.
        if ((parts.Faults?.Because(objective.Name) ?? resting) is { } fault) decision = Decide(objective, trigger, stayBecause ?? $"{fault}; the active point stays");
        else parts.Faults?.Succeeded(objective.Name);
        if (trigger == AdaptationTrigger.Start && parts.Profiles.Inherited(parts.Journal.Now) is { } inherited) decision = decision with { Reason = $"{decision.Reason}; {inherited}" };
        // Not at every refresh: what has changed since a decision is what makes another one due.
        parts.Telemetry.Pace = parts.Profiles.WatchPace();
        return await ApplyAsync(decision, cancellationToken).ConfigureAwait(false);
    }

    private AdaptationDecision Decide(Reachable scores, AdaptationTrigger trigger, string? stayBecause) =>
        new PointSelector(scores, parts.Options.MinimumGain).Decide(new SelectionRequest
        {
            At = parts.Journal.Now,
            Trigger = trigger,
            Profiles = stayBecause is null ? parts.Profiles.Known() : parts.Profiles.Latest,
            Present = parts.Switcher.Present,
            StayBecause = stayBecause,
            IsLoaded = target => parts.Switcher.BytesToLoad(target) == 0,
            IsReachable = target => parts.Switcher.Unreachable(target) is null,
            CostOf = CostOf,
            Horizon = parts.Options.ChangeHorizon,
            // What was asked for, or is needed, waits for no residence.
            HoldBecause = trigger is AdaptationTrigger.Reassessment or AdaptationTrigger.Drift or AdaptationTrigger.LoadChanged or AdaptationTrigger.PaceChanged
                ? residence.HoldBecause(parts.Telemetry.Completed)
                : null,
        });

    private async Task ApplyBreachRuleAsync(CancellationToken cancellationToken)
    {
        // A signal may be older than the present active point.
        if (HasAnotherTarget() || parts.Telemetry.BreachWatch is not { BreachesAtTrip: > 0 and var breaches } watch) return;
        var point = watch.Point;
        var profiles = parts.Profiles.Refresh(parts.Switcher.Present);
        if (profiles.FirstOrDefault(profile => profile.Point == point) is not { } present)
        {
            parts.Switcher.RenewBreachWatch();
            return;
        }

        parts.Journal.Publish(new AdaptationEvent.Breach(parts.Journal.Now, point, breaches, parts.Options.BreachWindow));
        var decision = parts.Rules.Breach(objective!, parts.Telemetry.Lengths).Decide(new BreachSituation
        {
            At = parts.Journal.Now,
            Present = present,
            ObservedBreachRate = (double)breaches / parts.Options.BreachWindow,
            Others = [.. profiles.Where(profile => profile.Point != point)],
            BytesToLoad = parts.Switcher.BytesToLoad,
            LoadBytesPerSecond = parts.Switcher.LoadBytesPerSecond,
        });
        if (decision.Act == AdaptationAct.Keep && parts.Faults?.Because(objective!.Name) is { } fault) decision = decision with { Reason = $"{fault}; the active point stays" };
        decision = await ApplyAsync(decision, cancellationToken).ConfigureAwait(false);

        // Traffic is no longer what was scored: what is chosen next rests on what comes from here on.
        parts.Profiles.Forget();
        if (decision.Act == AdaptationAct.Keep) parts.Journal.Publish(new AdaptationEvent.Stayed(parts.Journal.Now, decision));
    }

    /// <summary>Whether breaches were counted against another target than the present one: that says nothing, and counting begins anew.</summary>
    private bool HasAnotherTarget()
    {
        if (parts.Telemetry.BreachWatch is not { } watch || watch.Target == parts.Goals.Limits.ConfidenceTarget) return false;
        parts.Switcher.RenewBreachWatch();
        return true;
    }

    /// <summary>Records a decision and puts it into effect.</summary>
    /// <returns>Its record, with why that could not be done if so.</returns>
    private async Task<AdaptationDecision> ApplyAsync(AdaptationDecision decision, CancellationToken cancellationToken)
    {
        using var activity = DecisionTrace.Start(decision, parts.Engine);
        parts.Journal.Decide(decision);
        Degraded = decision.Degraded;
        var keeps = decision.Act == AdaptationAct.Keep;
        if (!keeps || decision.Trigger == AdaptationTrigger.Start) parts.Journal.Publish(new AdaptationEvent.Selected(parts.Journal.Now, decision));
        if (keeps)
        {
            parts.Switcher.LimitBatch(decision.Batch);
            return decision;
        }

        var below = ServingProfile() is { } left && floor.IsBelow(left);
        if (await parts.Switcher.ServeAsync(decision.Chosen, decision.Batch, cancellationToken).ConfigureAwait(false) is { } because)
        {
            DecisionTrace.Fail(activity, because);
            return parts.Journal.NotCarriedOut(decision, because);
        }

        if (below) parts.Profiles.LeftBelowFloor(decision.Previous!);
        residence.Changed(decision.Previous, decision.Chosen, parts.Telemetry.Completed);
        Pause();
        if (decision.Act == AdaptationAct.Deepen) parts.Journal.Publish(new AdaptationEvent.Deepened(parts.Journal.Now, decision));
        else parts.Journal.Publish(new AdaptationEvent.Switched(parts.Journal.Now, decision));
        return decision;
    }

    private ChangeCost? CostOf(LoadTarget target)
    {
        var bytes = parts.Switcher.BytesToLoad(target);
        return bytes == 0 ? null : new ChangeCost(bytes, bytes / parts.Switcher.LoadBytesPerSecond);
    }
}

/// <summary>What the adaptation loop works with.</summary>
internal sealed record AdaptationParts(
    AdaptationOptions Options,
    ServingOptions Serving,
    Goals Goals,
    SelectionRules Rules,
    CandidatePool Pool,
    Profiles Profiles,
    ServingTelemetry Telemetry,
    IPointSwitcher Switcher,
    LiveEvaluation Evaluation,
    ITextScoring Scoring,
    DeviceWork Work,
    AdaptationJournal Journal)
{
    /// <summary>Name of the engine among several; empty for the one without.</summary>
    public string Engine { get; init; } = "";

    /// <summary>Exit policy of a fixed point, as it calls itself.</summary>
    public string ExitPolicy { get; init; } = Serving.ExitPolicy;

    /// <summary>Keeps profiles from one run to the next; null keeps none.</summary>
    public ProfileStore? Store { get; init; }

    /// <summary>Knows whether the device thread runs still.</summary>
    public ServingState State { get; init; } = new();

    /// <summary>What an objective of the host's own threw; null lets that end the loop.</summary>
    public ObjectiveFaults? Faults { get; init; }

    /// <summary>The clock.</summary>
    public TimeProvider Time { get; init; } = TimeProvider.System;
}
