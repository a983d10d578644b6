using System.Diagnostics.CodeAnalysis;
using Helios.Sdk.Adaptation.Loading;
using Helios.Sdk.Adaptation.Objectives;
using Helios.Sdk.Backends;
using Helios.Sdk.Serving;

namespace Helios.Sdk.Adaptation;

/// <summary>
/// Changes the goals of a running engine, one change at a time. A smaller budget takes effect once everything fits into it:
/// free bytes and cached blocks go first, then the KV of the least urgent; where that is not enough another point serves, and
/// what the former one holds goes with its last sequence.
/// </summary>
[SuppressMessage("Design", "CA1001", Justification = "A semaphore whose handle is never taken holds nothing; one may wait for it while the engine stops.")]
internal sealed class GoalChanges(AdaptationLoop loop, Goals goals, ModelPool pool, KvReclaimer memory, MemoryBudget budget, TimeProvider time)
{
    /// <summary>How often it is checked whether the last sequence of a former point has ended.</summary>
    private static readonly TimeSpan Look = TimeSpan.FromMilliseconds(20);

    private readonly SemaphoreSlim turn = new(1, 1);

    /// <summary>What a point must keep now.</summary>
    public ServiceLimits Limits => goals.Limits;

    /// <summary>Sets what is to be best, and completes with what is decided upon it.</summary>
    public Task<AdaptationDecision> SetObjectiveAsync(ISloObjective objective, CancellationToken cancellationToken) =>
        ChangeAsync(() => goals.Objective = objective, AdaptationTrigger.ObjectiveChanged, cancellationToken);

    /// <summary>Sets what a point must keep, and completes with what is decided upon it.</summary>
    public Task<AdaptationDecision> SetLimitsAsync(ServiceLimits limits, CancellationToken cancellationToken) =>
        ChangeAsync(() => goals.Limits = limits, AdaptationTrigger.LimitsChanged, cancellationToken);

    /// <summary>Sets the budget, and completes when it is in force, or with the reason why it cannot be.</summary>
    public async Task<BudgetChange> SetBudgetAsync(long bytes, CancellationToken cancellationToken)
    {
        await turn.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            var least = pool.LeastBytes();
            return bytes < least
                ? new BudgetChange.Refused(Invariant($"the least that can serve takes {least} bytes with one sequence"), least)
                : await ChangeBudgetAsync(bytes, least, cancellationToken).ConfigureAwait(false);
        }
        catch (OperationCanceledException error) when (!cancellationToken.IsCancellationRequested)
        {
            throw new HeliosException("The engine stops.", error);
        }
        finally
        {
            turn.Release();
        }
    }

    private async Task<AdaptationDecision> ChangeAsync(Action change, AdaptationTrigger trigger, CancellationToken cancellationToken)
    {
        await turn.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            change();
            return await loop.ReconsiderAsync(trigger).WaitAsync(cancellationToken).ConfigureAwait(false);
        }
        finally
        {
            turn.Release();
        }
    }

    /// <summary>More is there at once. Less is chosen for first: what comes up for it must find room beside the active point.</summary>
    private async Task<BudgetChange> ChangeBudgetAsync(long bytes, long least, CancellationToken cancellationToken)
    {
        if (bytes > budget.Limit) budget.TrySetLimit(bytes);
        goals.BudgetBytes = bytes;
        try
        {
            var decision = await loop.ReconsiderAsync(AdaptationTrigger.BudgetChanged).WaitAsync(cancellationToken).ConfigureAwait(false);
            if (loop.Serving is { } serving && pool.BytesWithOneSequence(serving.Target) is var needed && needed > bytes)
                return new BudgetChange.Refused(Invariant($"{serving} takes {needed} bytes with one sequence, and what takes less could not be brought up beside it"), least);

            while (!await memory.TryLimitAsync(bytes).ConfigureAwait(false))
                await Task.Delay(Look, time, cancellationToken).ConfigureAwait(false);
            return new BudgetChange.InForce(decision);
        }
        finally
        {
            if (budget.Limit != bytes)
            {
                // It came to nothing: what was chosen for it gives way to what the budget that is still in force allows.
                goals.BudgetBytes = budget.Limit;
                loop.Reconsider(AdaptationTrigger.BudgetChanged);
            }
        }
    }
}
