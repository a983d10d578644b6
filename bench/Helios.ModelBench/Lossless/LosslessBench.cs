using System.Collections.Immutable;
using Helios.Cli.Options;
using Helios.ModelBench.Answers;
using Helios.ModelBench.Output;
using Helios.Sdk;

namespace Helios.ModelBench.Lossless;

/// <summary>
/// Answers prompts with one engine that drafts and one that does not, some by each in turn, so many at a time, and compares
/// times and answers. Both are whole engines: what drafting costs outside the model is part of it.
/// </summary>
internal sealed class LosslessBench(string folder, DeviceChoice device, LosslessPlan plan, TimeProvider time)
{
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
        var race = new EngineRace(plan.Answers, batch, time);
        await race.WarmUpAsync(plain, drafting, cancellationToken).ConfigureAwait(false);
        var before = drafting.Snapshot;
        var result = await race.RunAsync(plain, drafting, CheckEqual, cancellationToken).ConfigureAwait(false);
        var after = drafting.Snapshot;

        var (drafted, accepted) = (after.DraftedTokens - before.DraftedTokens, after.AcceptedTokens - before.AcceptedTokens);
        return new LosslessRow(
            depth, batch, result.FirstTps, result.SecondTps, result.SpeedUp,
            drafted == 0 ? null : (double)accepted / drafted,
            (double)drafted / result.Tokens,
            (double)result.Tokens / (result.Tokens - accepted),
            plan.Answers.Rounds);
    }

    private static void CheckEqual(GenerationResult plain, GenerationResult drafted)
    {
        if (!plain.TokenIds.SequenceEqual(drafted.TokenIds))
            throw new HeliosException($"An answer of {drafted.Point} differs from that without drafts: lossless mode is broken.");
    }

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
}

/// <summary>What <c>lossless</c> is asked for.</summary>
/// <param name="Drafts">Exits at which tokens are drafted.</param>
/// <param name="Batches">Answers at a time.</param>
/// <param name="Answers">What is answered.</param>
internal sealed record LosslessPlan(ImmutableArray<int> Drafts, ImmutableArray<int> Batches, AnswerPlan Answers);
