using Helios.Sdk.Adaptation.Candidates;
using Helios.Sdk.Adaptation.Journal;
using Helios.Sdk.Adaptation.Loading;
using Helios.Sdk.Adaptation.Profiling;
using Helios.Sdk.Adaptation.Scoring;
using Helios.Sdk.Adaptation.Telemetry;
using Helios.Sdk.Serving;

namespace Helios.Sdk.Adaptation.Evaluation;

/// <summary>
/// Scores finished requests at full depth in the background, one job at a time: the active point as texts come, every candidate when
/// the points are to be reassessed. A job takes as long as scoring's share of the device makes it; what is asked for
/// meanwhile waits, so an interval between two reassessments is stretched before the share is broken. A bug in scoring costs that
/// candidate its texts, and is reported; what a job was asked for happens all the same.
/// Belongs to the adaptation loop, which learns of the end of a job by a signal.
/// </summary>
internal sealed class ShadowScoring(Profiles profiles, ITextScoring scoring, ServingTelemetry telemetry, IPointSwitcher switcher, DeviceWork work, AdaptationJournal journal)
{
    /// <summary>Texts that another candidate scores before what is owed has its turn.</summary>
    private const int TextsAtOnce = 4;

    private Task running = Task.CompletedTask;
    private volatile bool isBusy;
    private AdaptationTrigger? reassessment;
    private bool texts;

    private Candidate? Serving => profiles.Candidates.FirstOrDefault(candidate => candidate.Name == switcher.Present?.Target.Model);

    /// <summary>Asks for the scoring that a trigger takes; <see cref="AdaptationTrigger.Quality"/> is the texts that came, by the active point.</summary>
    public void Request(AdaptationTrigger trigger, CancellationToken cancellationToken)
    {
        if (trigger == AdaptationTrigger.Quality) texts = true;
        else reassessment ??= trigger;
        Next(cancellationToken);
    }

    /// <summary>Starts what was asked for, unless a job is under way; then its end is the next chance.</summary>
    public void Next(CancellationToken cancellationToken)
    {
        if (isBusy || (reassessment is null && !texts)) return;
        isBusy = true;
        running = reassessment is { } trigger ? ScoreAllAsync(trigger, cancellationToken) : ScoreServingAsync(cancellationToken);
    }

    /// <summary>Waits for the job under way, whatever becomes of it.</summary>
    public async Task EndAsync() => await running.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);

    private async Task ScoreServingAsync(CancellationToken cancellationToken)
    {
        texts = false;
        await CatchUpServingAsync(cancellationToken).ConfigureAwait(false);
        Done(AdaptationTrigger.Quality);
    }

    /// <summary>The active point goes first, and again before each of the others: its texts must not wait for theirs. What it owes waits for a few of theirs only.</summary>
    private async Task ScoreAllAsync(AdaptationTrigger trigger, CancellationToken cancellationToken)
    {
        (reassessment, texts) = (null, false);
        var kept = telemetry.Texts.Keep();
        foreach (var candidate in profiles.Candidates)
        {
            await CatchUpServingAsync(cancellationToken).ConfigureAwait(false);
            foreach (var few in kept.Texts.Chunk(TextsAtOnce))
            {
                await CatchUpAsync(candidate, kept with { Texts = few }, cancellationToken).ConfigureAwait(false);
                await PayAsync(cancellationToken).ConfigureAwait(false);
            }
        }

        Done(trigger);
    }

    private async Task CatchUpServingAsync(CancellationToken cancellationToken)
    {
        telemetry.Sampling.Begin();
        await PayAsync(cancellationToken).ConfigureAwait(false);
        if (Serving is { } serving) await ScoreAsync(serving, telemetry.Texts.Keep(), cancellationToken).ConfigureAwait(false);
    }

    /// <summary>The active point scores what is owed, past the share that holds for all else.</summary>
    private async Task PayAsync(CancellationToken cancellationToken)
    {
        var owed = telemetry.Sampling.Owed;
        if (owed == 0 || Serving is not { } serving) return;
        work.IsOwed = true;
        try
        {
            var kept = telemetry.Texts.Keep();
            await ScoreAsync(serving, kept with { Texts = [.. Unscored(serving, kept).Take(owed)] }, cancellationToken).ConfigureAwait(false);
        }
        finally
        {
            work.IsOwed = false;
        }
    }

    private async Task ScoreAsync(Candidate serving, KeptTexts kept, CancellationToken cancellationToken)
    {
        var before = serving.Scored;
        await CatchUpAsync(serving, kept, cancellationToken).ConfigureAwait(false);
        telemetry.Sampling.Scored(serving.Scored.Texts - before.Texts, serving.Scored.Tokens - before.Tokens);
    }

    private static IEnumerable<FinishedText> Unscored(Candidate candidate, KeptTexts kept) =>
        kept.Texts.Where(text => text.Tokens.Length > 1 && !candidate.HasScored(text.Id.Value));

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
