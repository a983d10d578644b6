using Helios.Cli.Errors;
using Helios.Cli.Files;
using Helios.Cli.Output;
using Helios.Sdk;

namespace Helios.Cli.Running;

/// <summary>A run from end to end: serve the prompts, score what was served again, sum up.</summary>
internal sealed class RunJob(RunSettings settings, Screen screen, TimeProvider time)
{
    private const double SampledShare = 0.1;
    private const int LeastSampled = 10;

    public async Task<int> RunAsync(CancellationToken cancellationToken)
    {
        var pool = PoolFile.Read(settings.Pool);
        var prompts = PromptFile.Read(settings.Prompts, settings.MaxTokens);
        if (settings.WarmUp >= prompts.Count) throw new UsageException(Invariant($"--warm-up is {settings.WarmUp}; {settings.Prompts} has {prompts.Count} prompts, and at least one must remain."));
        var log = new EventLog(screen, time);
        var run = await new ServingPart(settings, log, time).RunAsync(pool, prompts, cancellationToken).ConfigureAwait(false);
        if (run.Samples && settings.Check != CheckExtent.None) screen.Remark("Answers were sampled: agreement counts tokens that were drawn; --temperature 0 takes the most likely ones.");
        var check = await CheckAsync(pool, run, cancellationToken).ConfigureAwait(false);
        log.Finish(run.Summarize(check, log.Changes));

        cancellationToken.ThrowIfCancellationRequested();
        if (run.Completed.IsEmpty) throw new HeliosException($"No request was answered; the first failure: {run.Unserved[0].Reason}");

        // Who was turned away met a limit that was asked for.
        var failed = run.Unserved.Where(unserved => !unserved.IsRejected).ToList();
        if (failed.Count > 0) throw new HeliosException(Invariant($"{failed.Count} of {run.Completed.Length + run.Unserved.Length} requests failed; the first failure: {failed[0].Reason}"));
        return ExitCode.Done;
    }

    /// <summary>Null when nothing was to be checked, or could be: a run that was served is worth its summary.</summary>
    private async Task<CheckResult?> CheckAsync(PoolFile pool, ServedRun run, CancellationToken cancellationToken)
    {
        var sample = Sample(run.Completed);
        if (sample.Count == 0 || cancellationToken.IsCancellationRequested) return null;
        try
        {
            var check = await ServedCheck.StartAsync(settings.Device, pool, cancellationToken).ConfigureAwait(false);
            await using (check.ConfigureAwait(false)) return await check.RunAsync(sample, cancellationToken).ConfigureAwait(false);
        }
        catch (Exception error) when (error is OperationCanceledException or HeliosException)
        {
            screen.Remark($"The answers could not be scored again: {error.Message}");
            return null;
        }
    }

    private IReadOnlyCollection<Served> Sample(IReadOnlyList<Served> completed)
    {
        if (settings.Check == CheckExtent.None) return [];
        var count = settings.Check == CheckExtent.All ? completed.Count : Math.Max(LeastSampled, (int)Math.Ceiling(completed.Count * SampledShare));
        if (count >= completed.Count) return completed;
        var shuffled = completed.ToArray();
        new Random(settings.Seed).Shuffle(shuffled);
        return shuffled[..count];
    }
}
