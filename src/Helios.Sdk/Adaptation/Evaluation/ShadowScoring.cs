using Helios.Sdk.Adaptation.Loading;
using Helios.Sdk.Adaptation.Telemetry;

namespace Helios.Sdk.Adaptation.Evaluation;

/// <summary>
/// Scores finished requests at full depth in the background, one job at a time: what serves as texts come, every candidate when
/// the points are to be looked at again. A job takes as long as scoring's share of the device makes it; what is asked for
/// meanwhile waits, so an interval between two looks is stretched before the share is broken. A bug in scoring costs that
/// candidate its texts, and is told; what a job was asked for happens all the same.
/// Belongs to the adaptation loop, which learns of the end of a job by a signal.
/// </summary>
internal sealed class ShadowScoring(Profiles profiles, ITextScoring scoring, ServingTelemetry telemetry, IPointSwitcher switcher, AdaptationJournal journal)
{
    private Task running = Task.CompletedTask;
    private volatile bool isBusy;
    private AdaptationTrigger? look;
    private bool texts;

    /// <summary>Asks for the scoring that a trigger takes; <see cref="AdaptationTrigger.Quality"/> is the texts that came, by what serves.</summary>
    public void Request(AdaptationTrigger trigger, CancellationToken cancellationToken)
    {
        if (trigger == AdaptationTrigger.Quality) texts = true;
        else look ??= trigger;
        Next(cancellationToken);
    }

    /// <summary>Starts what was asked for, unless a job is under way; then its end is the next chance.</summary>
    public void Next(CancellationToken cancellationToken)
    {
        if (isBusy || (look is null && !texts)) return;
        isBusy = true;
        running = look is { } trigger ? ScoreAllAsync(trigger, cancellationToken) : ScoreServingAsync(cancellationToken);
    }

    /// <summary>Waits for the job under way, whatever becomes of it.</summary>
    public async Task EndAsync() => await running.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);

    private async Task ScoreServingAsync(CancellationToken cancellationToken)
    {
        texts = false;
        await CatchUpServingAsync(cancellationToken).ConfigureAwait(false);
        Done(AdaptationTrigger.Quality);
    }

    /// <summary>What serves goes first, and again before each of the others: its texts must not wait for theirs.</summary>
    private async Task ScoreAllAsync(AdaptationTrigger trigger, CancellationToken cancellationToken)
    {
        (look, texts) = (null, false);
        var kept = telemetry.Texts.Keep();
        foreach (var candidate in profiles.Candidates)
        {
            await CatchUpServingAsync(cancellationToken).ConfigureAwait(false);
            await CatchUpAsync(candidate, kept, cancellationToken).ConfigureAwait(false);
        }

        Done(trigger);
    }

    private async Task CatchUpServingAsync(CancellationToken cancellationToken)
    {
        if (profiles.Candidates.FirstOrDefault(candidate => candidate.Name == switcher.Present?.Target.Model) is not { } serving) return;
        var before = serving.Scored;
        telemetry.Sampling.Begin();
        await CatchUpAsync(serving, telemetry.Texts.Keep(), cancellationToken).ConfigureAwait(false);
        telemetry.Sampling.Scored(serving.Scored.Texts - before.Texts, serving.Scored.Tokens - before.Tokens);
    }

    private async Task CatchUpAsync(Candidate candidate, KeptTexts kept, CancellationToken cancellationToken)
    {
        try
        {
            await scoring.CatchUpAsync(candidate, kept, cancellationToken).ConfigureAwait(false);
        }
        catch (Exception error) when (error is not OperationCanceledException)
        {
            journal.ScoringFailed(candidate.Name, error);
        }
    }

    private void Done(AdaptationTrigger trigger)
    {
        isBusy = false;
        telemetry.Signals.Send(new LoopSignal(trigger, Scored: true));
    }
}
