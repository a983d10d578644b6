namespace Helios.Sdk.Serving.Scheduling;

/// <summary>
/// First come, first served, with continuous batching: sequences that decode go first (a row each), prompt chunks fill
/// what rows are left, and waiting requests join when there is room. Out of KV blocks, the latest arrival gives way; it
/// goes back to the head of the queue. A step costs no more than the rows it plans, however long the queue is.
/// </summary>
internal sealed class ContinuousBatchingScheduler : IScheduler
{
    private readonly List<RequestId> running = [];
    private readonly LinkedList<RequestId> waiting = [];
    private readonly Dictionary<RequestId, LinkedListNode<RequestId>> waitingNodes = [];

    public void Enqueue(in RequestInfo request) => waitingNodes.Add(request.Id, waiting.AddLast(request.Id));

    public void Remove(RequestId id)
    {
        if (waitingNodes.Remove(id, out var node)) waiting.Remove(node);
        else running.Remove(id);
    }

    public void Plan(StepPlanBuilder plan)
    {
        var satisfied = PlanRunning(plan, decoding: true) & PlanRunning(plan, decoding: false);

        // Blocks that come free are for those who ran already, or smaller newcomers would overtake them for ever.
        if (satisfied) Admit(plan);
    }

    public void Commit(in StepOutcome outcome)
    {
    }

    /// <summary>False when a running sequence found no blocks, and nobody behind it could give any up.</summary>
    private bool PlanRunning(StepPlanBuilder plan, bool decoding)
    {
        var satisfied = true;
        for (var i = 0; i < running.Count && plan.RowsLeft > 0; i++)
        {
            var id = running[i];
            var pending = plan.Progress(id).Pending;
            if (pending == 1 != decoding) continue;
            while (satisfied && plan.TryAdd(id, pending) == PlanResult.NoBlocks) satisfied = TryPreemptAfter(plan, i);
        }

        return satisfied;
    }

    /// <summary>The latest arrival behind index <paramref name="index"/> gives its blocks up.</summary>
    private bool TryPreemptAfter(StepPlanBuilder plan, int index)
    {
        for (var last = running.Count - 1; last > index; last--)
        {
            var id = running[last];
            if (!plan.Preempt(id)) continue;
            running.RemoveAt(last);
            waitingNodes.Add(id, waiting.AddFirst(id));
            return true;
        }

        return false;
    }

    private void Admit(StepPlanBuilder plan)
    {
        while (plan.RowsLeft > 0 && waiting.First is { } head)
        {
            var id = head.Value;
            if (plan.TryAdd(id, plan.Progress(id).Pending) != PlanResult.Added) return;
            waiting.RemoveFirst();
            waitingNodes.Remove(id);
            running.Add(id);
        }
    }
}
