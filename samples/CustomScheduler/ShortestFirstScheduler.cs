using Helios.Sdk.Scheduling;

namespace CustomScheduler;

/// <summary>
/// Shortest job first: it starts the waiting request with the fewest tokens first. Mean latency falls, but long requests
/// wait as long as shorter ones arrive. The plan builder owns rows and KV, and refuses what does not fit, so nothing
/// here can over-commit. All methods are called on the device thread.
/// </summary>
public sealed class ShortestFirstScheduler : IScheduler
{
    private readonly Dictionary<RequestId, int> lengths = [];
    private readonly SortedSet<(int Length, RequestId Id)> waiting = new(Comparer<(int Length, RequestId Id)>.Create(
        static (a, b) => (a.Length, a.Id.Value).CompareTo((b.Length, b.Id.Value))));

    /// <summary>In order of their start; the latest start is preempted first.</summary>
    private readonly List<RequestId> running = [];

    public void Enqueue(in RequestInfo request)
    {
        lengths.Add(request.Id, request.PromptTokens + request.MaxNewTokens);
        Wait(request.Id);
    }

    public void Remove(RequestId id)
    {
        if (!lengths.TryGetValue(id, out var length)) return;
        if (!waiting.Remove((length, id))) running.Remove(id);
        lengths.Remove(id);
    }

    public void Plan(StepPlanBuilder plan)
    {
        // First a row for every decoding request, then prompt rows that do not delay them, then new requests.
        var satisfied = true;
        for (var i = 0; i < running.Count; i++)
        {
            if (plan.Progress(running[i]).Pending == 1) satisfied &= TryRun(plan, i, 1);
        }

        for (var i = 0; i < running.Count && plan.PromptRows > 0; i++)
        {
            if (plan.Progress(running[i]).Pending > 1) satisfied &= TryRun(plan, i, plan.PromptRows);
        }

        while (satisfied && plan.PromptRows > 0 && waiting.Count > 0)
        {
            var next = waiting.Min;
            if (plan.TryAdd(next.Id, plan.PromptRows) != PlanResult.Added) return;
            waiting.Remove(next);
            running.Add(next.Id);
        }
    }

    public void Commit(in StepOutcome outcome)
    {
    }

    /// <summary>If KV blocks run out, later requests are preempted, one after another.</summary>
    private bool TryRun(StepPlanBuilder plan, int index, int rows)
    {
        while (plan.TryAdd(running[index], rows) == PlanResult.NoBlocks)
        {
            var last = running.Count - 1;
            while (last > index && !plan.Preempt(running[last])) last--;
            if (last == index) return false;
            Wait(running[last]);
            running.RemoveAt(last);
        }

        return true;
    }

    private void Wait(RequestId id) => waiting.Add((lengths[id], id));
}
