using Helios.Sdk.Scheduling;
using Helios.Sdk.Serving.Scheduling;

namespace Helios.Sdk.Tests.Serving.Scheduling;

/// <summary>The engine's own scheduler, but it plans only so many steps, and then none until it is let go on.</summary>
internal sealed class GatedScheduler(int steps) : IScheduler
{
    private readonly ContinuousBatchingScheduler inner = RequestOrders.CreateScheduler(new ServingOptions(), TimeProvider.System);
    private volatile int left = steps;

    /// <summary>Plans whatever there is from now on; wake the loop afterwards.</summary>
    public void Open() => left = int.MaxValue;

    public void Enqueue(in RequestInfo request) => inner.Enqueue(request);

    public void Remove(RequestId id) => inner.Remove(id);

    public void Plan(StepPlanBuilder plan)
    {
        if (left == 0) return;
        var rows = plan.RowsLeft;
        inner.Plan(plan);
        if (plan.RowsLeft < rows) left--;
    }

    public void Commit(in StepOutcome outcome) => inner.Commit(outcome);
}
