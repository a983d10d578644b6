using System.Collections.Immutable;
using Helios.Cli.Options;
using Helios.Cli.Output;
using Helios.Sdk;

namespace Helios.Cli.Benching;

/// <summary>
/// Answers prompts with one engine that drafts and one that does not, some by each in turn, so many at a time, and compares
/// times and answers. Both are whole engines: what drafting costs outside the model is part of it.
/// </summary>
internal sealed class LosslessBench(string folder, DeviceChoice device, LosslessPlan plan, TimeProvider time)
{
    // Answers that get ahead of others end sooner, and their places are taken, but for the last ones of a round.
    private const int AnswersPerPlace = 4;

    public async Task<ImmutableArray<LosslessRow>> MeasureAsync(CancellationToken cancellationToken)
    {
        var plain = Start(draftDepth: null);
        await using (plain.ConfigureAwait(false))
        {
            var rows = ImmutableArray.CreateBuilder<LosslessRow>();
            foreach (var depth in plan.Drafts)
            {
                // An engine for each row, so that none profits from what another has learnt.
                foreach (var batch in plan.Batches)
                {
                    var drafting = Start(depth);
                    await using (drafting.ConfigureAwait(false))
                        rows.Add(await MeasureAsync(plain, drafting, depth, batch, cancellationToken).ConfigureAwait(false));
                }
            }

            return rows.ToImmutable();
        }
    }

    private async Task<LosslessRow> MeasureAsync(HeliosEngine plain, HeliosEngine drafting, int depth, int batch, CancellationToken cancellationToken)
    {
        for (var warmUp = 0; warmUp < plan.WarmUpRounds; warmUp++) await CompareAsync(plain, drafting, batch, warmUp, cancellationToken).ConfigureAwait(false);

        var (plainTps, losslessTps, ratios) = (new Samples(), new Samples(), new Samples());
        var before = drafting.Snapshot;
        long tokens = 0;
        for (var round = 0; round < plan.Rounds; round++)
        {
            var (plainSeconds, losslessSeconds, count) = await CompareAsync(plain, drafting, batch, round, cancellationToken).ConfigureAwait(false);
            plainTps.Add(count / plainSeconds);
            losslessTps.Add(count / losslessSeconds);
            ratios.Add(plainSeconds / losslessSeconds);
            tokens += count;
        }

        var after = drafting.Snapshot;
        var (drafted, accepted) = (after.DraftedTokens - before.DraftedTokens, after.AcceptedTokens - before.AcceptedTokens);
        return new LosslessRow(
            depth, batch, plainTps.Median, losslessTps.Median, ratios.Median,
            drafted == 0 ? null : (double)accepted / drafted,
            (double)drafted / tokens,
            (double)tokens / (tokens - accepted),
            plan.Rounds);
    }

    /// <summary>A round by each engine; every other round the other one begins.</summary>
    private async Task<(double PlainSeconds, double LosslessSeconds, long Tokens)> CompareAsync(
        HeliosEngine plain, HeliosEngine drafting, int batch, int round, CancellationToken cancellationToken)
    {
        var drafts = round % 2 == 0 ? null : await AnswerAsync(drafting, batch, round, cancellationToken).ConfigureAwait(false);
        var plains = await AnswerAsync(plain, batch, round, cancellationToken).ConfigureAwait(false);
        drafts ??= await AnswerAsync(drafting, batch, round, cancellationToken).ConfigureAwait(false);

        for (var i = 0; i < plains.Answers.Length; i++)
        {
            if (!plains.Answers[i].TokenIds.SequenceEqual(drafts.Answers[i].TokenIds))
                throw new HeliosException($"Answer {i} of round {round} differs with drafts at {drafting.Snapshot.Serving!.DraftDepth}: lossless mode is broken.");
        }

        return (plains.Seconds, drafts.Seconds, plains.Answers.Sum(answer => (long)answer.TokenIds.Length));
    }

    private async Task<Answered> AnswerAsync(HeliosEngine engine, int batch, int round, CancellationToken cancellationToken)
    {
        var answers = new GenerationResult[AnswersPerPlace * batch];
        var options = new ParallelOptions { MaxDegreeOfParallelism = batch, CancellationToken = cancellationToken };
        var started = time.GetTimestamp();
        await Parallel.ForEachAsync(
            Enumerable.Range(0, answers.Length),
            options,
            async (i, cancel) => answers[i] = await engine.GenerateAsync(Request(round * answers.Length + i), cancel).ConfigureAwait(false)).ConfigureAwait(false);
        return new Answered(answers, time.GetElapsedTime(started).TotalSeconds);
    }

    private GenerationRequest Request(int number) => new()
    {
        Prompt = plan.Prompts[number % plan.Prompts.Length],
        MaxTokens = plan.MaxTokens,
        Temperature = plan.Temperature,
        Seed = number,
        IgnoreEndOfSequence = true,
    };

    private HeliosEngine Start(int? draftDepth)
    {
        var builder = device.CreateBuilder();
        builder.AddModel(folder).ServeFixed().Configure(options =>
        {
            options.Serving.MaxBatchSize = plan.Batches.Max();
            options.Serving.MaxRowsPerStep = Math.Max(options.Serving.MaxRowsPerStep, 8 * plan.Batches.Max());
            options.Serving.DraftDepth = draftDepth;
        });
        return builder.Build();
    }

    private sealed record Answered(GenerationResult[] Answers, double Seconds);
}

/// <summary>What <c>bench lossless</c> is asked for.</summary>
/// <param name="Drafts">Exits at which tokens are drafted.</param>
/// <param name="Batches">Answers at a time.</param>
/// <param name="Prompts">Prompts, taken in turn.</param>
/// <param name="MaxTokens">Tokens of every answer.</param>
/// <param name="Temperature">0 takes the likeliest token.</param>
/// <param name="Rounds">Rounds measured of each engine.</param>
internal sealed record LosslessPlan(
    ImmutableArray<int> Drafts,
    ImmutableArray<int> Batches,
    ImmutableArray<string> Prompts,
    int MaxTokens,
    float Temperature,
    int Rounds)
{
    /// <summary>Rounds before: code is compiled anew while it turns out to be hot.</summary>
    public int WarmUpRounds => Math.Max(2, Rounds / 3);
}
