using Helios.Sdk;

namespace Helios.ModelBench.Endurance;

/// <summary>Changes limits and memory budget of an engine again and again, and asks for reassessments.</summary>
internal sealed class Disturbance(HeliosEngine engine, long budget, int seed)
{
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(50);

    private readonly Random random = new(seed);

    /// <summary>Changes that took effect.</summary>
    public int Changes { get; private set; }

    /// <summary>Disturbs until it is cancelled; then the budget is as it was.</summary>
    public async Task RunAsync(CancellationToken cancellationToken)
    {
        try
        {
            while (true)
            {
                await Task.Delay(Pause, cancellationToken).ConfigureAwait(false);
                await ChangeAsync(cancellationToken).ConfigureAwait(false);
            }
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
        }

        await engine.SetMemoryBudgetAsync(budget, CancellationToken.None).ConfigureAwait(false);
        await engine.SetLimitsAsync(engine.Limits with { MinAgreement = null }, CancellationToken.None).ConfigureAwait(false);
    }

    private async Task ChangeAsync(CancellationToken cancellationToken)
    {
        switch (random.Next(4))
        {
            case 0:
                await engine.SetLimitsAsync(engine.Limits with { MinAgreement = random.Next(2) == 0 ? null : random.NextDouble() }, cancellationToken).ConfigureAwait(false);
                Changes++;
                break;
            case 1:
                if (await engine.SetMemoryBudgetAsync(budget / 2 + random.NextInt64(budget / 2), cancellationToken).ConfigureAwait(false) is BudgetChange.InForce) Changes++;
                break;
            default:
                engine.Reassess();
                break;
        }
    }
}
