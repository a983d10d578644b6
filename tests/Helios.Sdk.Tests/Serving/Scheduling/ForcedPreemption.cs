using Helios.Sdk.Scheduling;
using Helios.Sdk.Serving.Scheduling;

namespace Helios.Sdk.Tests.Serving.Scheduling;

/// <summary>The engine's own scheduler, but in every step some running sequence loses its KV first, one after another.</summary>
internal sealed class ForcedPreemption : IScheduler
{
    private readonly ContinuousBatchingScheduler inner = RequestOrders.CreateScheduler(new ServingOptions(), TimeProvider.System);
    private readonly List<RequestId> live = [];
    private int next;

    /// <summary>Preemptions so far.</summary>
    public int Count { get; private set; }

    public void Enqueue(in RequestInfo request)
    {
        live.Add(request.Id);
        inner.Enqueue(request);
    }

    public void Remove(RequestId id)
    {
        live.Remove(id);
        inner.Remove(id);
    }

    public void Plan(StepPlanBuilder plan)
    {
        for (var tries = 0; tries < live.Count; tries++)
        {
            if (!plan.Preempt(live[next++ % live.Count])) continue;
            Count++;
            break;
        }

        inner.Plan(plan);
    }

    public void Commit(in StepOutcome outcome) => inner.Commit(outcome);
}
