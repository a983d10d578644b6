using Helios.Sdk.Scheduling;

namespace CustomScheduler;

/// <summary>
/// Shortest job first: of the requests that wait, the one with the fewest tokens goes next. Mean latency falls; long requests
/// wait for as long as shorter ones come. Rows and KV are the plan builder's to give: it refuses what does not fit, so nothing
/// here can over-commit. All methods are called on the device thread.
/// </summary>
public sealed class ShortestFirstScheduler : IScheduler
{
    private readonly Dictionary<RequestId, int> lengths = [];
    private readonly SortedSet<(int Length, RequestId Id)> waiting = new(Comparer<(int Length, RequestId Id)>.Create(
        static (a, b) => (a.Length, a.Id.Value).CompareTo((b.Length, b.Id.Value))));

    /// <summary>In order of their start; the last to start gives way first.</summary>
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
        // A row for everyone who decodes, then prompts in the rows that do not keep those waiting, then newcomers.
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

    /// <summary>Out of KV blocks, those who started later give theirs up, one after another.</summary>
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
