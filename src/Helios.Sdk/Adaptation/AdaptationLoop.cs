using Helios.Sdk.Adaptation.Evaluation;
using Helios.Sdk.Adaptation.Loading;
using Helios.Sdk.Adaptation.Objectives;
using Helios.Sdk.Adaptation.Selection;
using Helios.Sdk.Adaptation.Telemetry;
using Helios.Sdk.Serving.Routing;

namespace Helios.Sdk.Adaptation;

/// <summary>
/// The other loop: evaluate the candidates, select a point, load it, publish it; then guard it and reassess. It never runs
/// a step; it reads telemetry, posts work to the device thread, and swaps the route table.
/// </summary>
internal sealed class AdaptationLoop(AdaptationParts parts)
{
    private readonly TaskCompletionSource ready = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly Residence residence = new(parts.Options, parts.Time);
    private ISloObjective? objective;
    private Task scoringRecent = Task.CompletedTask;

    /// <summary>Completes when the first model serves; fails when none can.</summary>
    public Task Ready => ready.Task;

    /// <summary>Whether the last decision found nothing feasible.</summary>
    public bool Degraded { get; private set; }

    /// <summary>Runs until cancelled. Failures of candidates are recorded and survived; only a bug ends it.</summary>
    public async Task RunAsync(CancellationToken cancellationToken)
    {
        try
        {
            await ServeFirstAsync(cancellationToken).ConfigureAwait(false);
            if (!parts.Options.Enabled) return;

            await parts.Evaluation.RunAsync(parts.Profiles.Candidates, cancellationToken).ConfigureAwait(false);
            await SelectAsync(AdaptationTrigger.Start, cancellationToken).ConfigureAwait(false);
            await ReactAsync(cancellationToken).ConfigureAwait(false);
        }
        catch (Exception error)
        {
            ready.TrySetException(error is OperationCanceledException ? new HeliosException("The engine stopped before a model served.", error) : error);
            throw;
        }
        finally
        {
            // It uses the pool, which is disposed after this; the device thread has cancelled what it waits for.
            await scoringRecent.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    /// <summary>Something serves before anything is known: the first candidate that fits, as deep as fits.</summary>
    private async Task ServeFirstAsync(CancellationToken cancellationToken)
    {
        foreach (var candidate in parts.Profiles.Candidates)
        {
            foreach (var depth in FirstDepths(candidate))
            {
                var target = new LoadTarget(candidate.Name, depth);
                var point = parts.Options.Enabled ? new OperatingPoint(target) : new OperatingPoint(target, parts.Serving.ExitPolicy, parts.Serving.DraftDepth);
                if (!await parts.Switcher.ServeAsync(point, cancellationToken).ConfigureAwait(false)) continue;
                ready.TrySetResult();
                return;
            }
        }

        throw new HeliosException("No model of the pool can be served within the memory budget; the events of the adaptation loop say why.");
    }

    private IEnumerable<int> FirstDepths(Candidate candidate)
    {
        if (!parts.Options.Enabled) return [parts.Options.FixedDepth ?? candidate.FullDepth];
        return candidate.Depths.Reverse();
    }

    private async Task ReactAsync(CancellationToken cancellationToken)
    {
        await foreach (var signal in parts.Telemetry.Signals.ReadAsync(cancellationToken).ConfigureAwait(false))
        {
            switch (signal)
            {
                case { Trigger: AdaptationTrigger.Breach }:
                    await GuardAsync(cancellationToken).ConfigureAwait(false);
                    break;
                case { Scored: true }:
                    await ReassessAsync(signal.Trigger, cancellationToken).ConfigureAwait(false);
                    break;
                case { Trigger: AdaptationTrigger.LoadChanged or AdaptationTrigger.PaceChanged }:
                    // What texts have shown is as true as before; only speed is another.
                    residence.Unsettle();
                    await SelectAsync(signal.Trigger, cancellationToken).ConfigureAwait(false);
                    break;
                case { Scored: false } when scoringRecent.IsCompleted:
                    // Scoring waits for its share of the device; a breach must not wait for scoring.
                    await scoringRecent.ConfigureAwait(false);
                    scoringRecent = ScoreRecentAsync(signal.Trigger, cancellationToken);
                    break;
            }
        }
    }

    /// <summary>Shadow scoring: every candidate, what serves among them, scores the latest texts at full depth.</summary>
    private async Task ScoreRecentAsync(AdaptationTrigger trigger, CancellationToken cancellationToken)
    {
        var texts = parts.Telemetry.Texts.Keep();
        foreach (var candidate in parts.Profiles.Candidates)
            await parts.Scoring.CatchUpAsync(candidate, texts, cancellationToken).ConfigureAwait(false);
        parts.Telemetry.Signals.Send(new LoopSignal(trigger, Scored: true));
    }

    private async Task ReassessAsync(AdaptationTrigger trigger, CancellationToken cancellationToken)
    {
        // A guard that tripped in vain rests until here: nothing it could choose from has changed in between.
        if (parts.Telemetry.Guard is { BreachesAtTrip: > 0 }) parts.Switcher.ResetGuard();

        // Too little evidence is no reason for a change: the next interval brings more.
        if (parts.Profiles.ScoredTexts(parts.Switcher.Present!.Target.Model) < parts.Options.RequestsPerCandidate)
        {
            parts.Telemetry.Reassessed(1);
            return;
        }

        if (trigger == AdaptationTrigger.Drift) residence.Unsettle();
        var decision = await SelectAsync(trigger, cancellationToken).ConfigureAwait(false);
        if (decision.Act == AdaptationAct.Keep) residence.Kept();
        parts.Telemetry.Reassessed(residence.Stretch);
        parts.Journal.Tell(new AdaptationEvent.Reassessed(parts.Journal.Now, decision));
    }

    private async Task<AdaptationDecision> SelectAsync(AdaptationTrigger trigger, CancellationToken cancellationToken)
    {
        parts.Profiles.Refresh();
        objective = new Reachable(parts.Constrained(parts.Telemetry.Lengths), parts.Switcher.Unreachable);
        var decision = new PointSelector(objective, parts.Options.MinimumGain).Decide(new SelectionRequest
        {
            At = parts.Journal.Now,
            Trigger = trigger,
            Profiles = parts.Profiles.Known(),
            Present = parts.Switcher.Present,
            IsLoaded = target => parts.Switcher.BytesToLoad(target) == 0,
            IsReachable = target => parts.Switcher.Unreachable(target) is null,
            CostOf = CostOf,
            Horizon = parts.Options.ChangeHorizon,
            HoldBecause = trigger == AdaptationTrigger.Start ? null : residence.HoldBecause(parts.Telemetry.Completed),
        });
        await ApplyAsync(decision, cancellationToken).ConfigureAwait(false);
        return decision;
    }

    private async Task GuardAsync(CancellationToken cancellationToken)
    {
        // A signal may be older than what serves now.
        if (parts.Telemetry.Guard is not { BreachesAtTrip: > 0 and var breaches } guard) return;
        var point = guard.Point;
        var profiles = parts.Profiles.Refresh();
        if (profiles.FirstOrDefault(profile => profile.Point == point) is not { } present)
        {
            parts.Switcher.ResetGuard();
            return;
        }

        parts.Journal.Tell(new AdaptationEvent.Breach(parts.Journal.Now, point, breaches, parts.Options.BreachWindow));
        var decision = parts.Guard(objective!, parts.Telemetry.Lengths).Decide(new GuardSituation
        {
            At = parts.Journal.Now,
            Present = present,
            ObservedBreachRate = (double)breaches / parts.Options.BreachWindow,
            Others = [.. profiles.Where(profile => profile.Point != point)],
            BytesToLoad = parts.Switcher.BytesToLoad,
            LoadBytesPerSecond = parts.Switcher.LoadBytesPerSecond,
        });
        await ApplyAsync(decision, cancellationToken).ConfigureAwait(false);

        // Traffic is no longer what was scored: what is chosen next rests on what comes from here on.
        parts.Profiles.Forget();
        if (decision.Act == AdaptationAct.Keep) parts.Journal.Tell(new AdaptationEvent.Stayed(parts.Journal.Now, decision));
    }

    private async Task ApplyAsync(AdaptationDecision decision, CancellationToken cancellationToken)
    {
        parts.Journal.Decide(decision);
        Degraded = decision.Degraded;
        var keeps = decision.Act == AdaptationAct.Keep;
        if (!keeps || decision.Trigger == AdaptationTrigger.Start) parts.Journal.Tell(new AdaptationEvent.Selected(parts.Journal.Now, decision));
        if (keeps) return;

        if (!await parts.Switcher.ServeAsync(decision.Chosen, cancellationToken).ConfigureAwait(false)) return;
        residence.Changed(decision.Previous, decision.Chosen, parts.Telemetry.Completed);
        parts.Telemetry.Reassessed(residence.Stretch);
        if (decision.Act == AdaptationAct.Deepen) parts.Journal.Tell(new AdaptationEvent.Deepened(parts.Journal.Now, decision));
        else parts.Journal.Tell(new AdaptationEvent.Switched(parts.Journal.Now, decision));
    }

    private ChangeCost? CostOf(LoadTarget target)
    {
        var bytes = parts.Switcher.BytesToLoad(target);
        return bytes == 0 ? null : new ChangeCost(bytes, bytes / parts.Switcher.LoadBytesPerSecond);
    }
}

/// <summary>What the adaptation loop works with: the same loop runs over an engine and over a simulation.</summary>
internal sealed record AdaptationParts(
    AdaptationOptions Options,
    ServingOptions Serving,
    Profiles Profiles,
    ServingTelemetry Telemetry,
    IPointSwitcher Switcher,
    ICandidateEvaluation Evaluation,
    ITextScoring Scoring,
    AdaptationJournal Journal,
    TimeProvider Time,
    Func<UsualLengths, ISloObjective> Constrained,
    Func<ISloObjective, UsualLengths, GuardPolicy> Guard);
