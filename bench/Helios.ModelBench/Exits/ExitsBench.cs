using System.Collections.Immutable;
using System.Globalization;
using Helios.Cli.Benching;
using Helios.Cli.Options;
using Helios.ModelBench.Answers;
using Helios.ModelBench.Output;
using Helios.ModelBench.Texts;
using Helios.Sdk;
using Helios.Sdk.Adaptation.Estimation;
using Helios.Sdk.Backends;
using Helios.Sdk.ExitPolicies;
using Helios.Sdk.Models;
using Helios.Sdk.Serving.Decoding;
using Helios.Sdk.Serving.Routing;

namespace Helios.ModelBench.Exits;

/// <summary>
/// What exit policies cost and gain: quality by replaying held-out texts with policy and KV fill in force, each against the
/// depth served without exits; speed by engines that answer the same prompts in turns.
/// </summary>
internal sealed class ExitsBench(string folder, ICheckpoint checkpoint, DeviceChoice device, ExitsPlan plan, TimeProvider time)
{
    private readonly Calibration calibration = Calibration.FromSidecar(checkpoint.Info);

    public async Task<ImmutableArray<ExitsRow>> MeasureAsync(HeldOut texts, CancellationToken cancellationToken)
    {
        var tallies = await ReplayAsync(texts, cancellationToken).ConfigureAwait(false);
        var none = Start("none");
        await using (none.ConfigureAwait(false))
        {
            var rows = ImmutableArray.CreateBuilder<ExitsRow>();
            for (var i = 0; i < plan.Policies.Length; i++)
            {
                var speeds = await MeasureSpeedsAsync(none, plan.Policies[i], cancellationToken).ConfigureAwait(false);
                rows.Add(Row(plan.Policies[i], texts, tallies[i + 1], tallies[0], speeds));
            }

            return rows.ToImmutable();
        }
    }

    /// <summary>The depth served without exits, then each policy.</summary>
    private async Task<ImmutableArray<ReplayTally>> ReplayAsync(HeldOut texts, CancellationToken cancellationToken)
    {
        using var backend = device.Backend.Create();
        var budget = new MemoryBudget(backend.Device.TotalMemory);
        using var model = await BenchedModel.LoadAsync(checkpoint, backend, budget, device.Precision, plan.Depth, cancellationToken).ConfigureAwait(false);
        using var rig = new ReplayRig(model, plan.Depth, texts.Longest);
        return [.. plan.Policies.Select(Sdk.Exits.Parse).Prepend(Sdk.Exits.None).Select(policy => rig.Replay(texts, Point(policy), cancellationToken))];
    }

    private async Task<ImmutableArray<ExitsSpeed>> MeasureSpeedsAsync(HeliosEngine none, string policy, CancellationToken cancellationToken)
    {
        var speeds = ImmutableArray.CreateBuilder<ExitsSpeed>();
        var exiting = Start(policy);
        await using (exiting.ConfigureAwait(false))
        {
            foreach (var batch in plan.Batches)
            {
                var race = new EngineRace(plan.Answers, batch, time);
                await race.WarmUpAsync(none, exiting, cancellationToken).ConfigureAwait(false);
                var result = await race.RunAsync(none, exiting, compare: static (_, _) => { }, cancellationToken).ConfigureAwait(false);
                speeds.Add(new ExitsSpeed(batch, result.SecondTps, result.SpeedUp));
            }
        }

        return speeds.ToImmutable();
    }

    private ExitsRow Row(string policy, HeldOut texts, ReplayTally found, ReplayTally none, ImmutableArray<ExitsSpeed> speeds) => new(
        policy,
        Point(Sdk.Exits.Parse(policy)).CheckDepths,
        BitsPerByte(found, texts),
        BitsPerByte(found, texts) - BitsPerByte(none, texts),
        found.AgreementWith(none),
        found.MeanDepth,
        found.Shares.ToDictionary(share => share.Key.ToString(CultureInfo.InvariantCulture), share => share.Value, StringComparer.Ordinal),
        speeds);

    private ReplayedPoint Point(IExitPolicy policy) =>
        new(plan.Depth, policy, ExitChoice.Of(checkpoint.Info, plan.Depth, policy), calibration);

    private static double BitsPerByte(ReplayTally tally, HeldOut texts) => tally.Nats / Math.Log(2) / texts.Bytes;

    private HeliosEngine Start(string policy)
    {
        var builder = device.CreateBuilder();
        builder.AddModel(folder).ServeFixed(plan.Depth, policy).Configure(options => options.Serving.MaxBatchSize = plan.Batches.Max());
        return builder.Build();
    }
}

/// <summary>What <c>exits</c> is asked for.</summary>
/// <param name="Depth">Depth served.</param>
/// <param name="Policies">Exit policies below it.</param>
/// <param name="Batches">Answers at a time.</param>
/// <param name="Answers">What is answered while speed is measured.</param>
internal sealed record ExitsPlan(int Depth, ImmutableArray<string> Policies, ImmutableArray<int> Batches, AnswerPlan Answers);
