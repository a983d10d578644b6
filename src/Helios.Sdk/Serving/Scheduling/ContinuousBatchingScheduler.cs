using Helios.Sdk.Scheduling;

namespace Helios.Sdk.Serving.Scheduling;

/// <summary>
/// Continuous batching. Requests that decode go first, a row each; prompts take what rows the step has for them, the highest
/// priority first, those that run before those that wait. Who goes next among those that wait, an <see cref="IRequestOrder"/>
/// says. A request that waits too long while higher priorities are served gets one start in a few, so that no request starves, and a backlog
/// holds no request up. Out of KV blocks, the one of lowest rank that came last gives way, and goes on later. A step costs no more
/// than the rows it plans and the requests it starts, however long the queue is.
/// </summary>
/// <param name="waiting">Who waits.</param>
internal sealed class ContinuousBatchingScheduler(WaitingRoom waiting) : IScheduler
{
    /// <summary>Requests started by priority before one that is overdue has its turn.</summary>
    private const int StartsBetweenOverdue = 7;

    private readonly Dictionary<RequestId, ScheduledRequest> requests = [];

    /// <summary>In the order in which they get rows and blocks; they give way from the end.</summary>
    private readonly List<ScheduledRequest> running = [];

    /// <summary>The newcomer that found no room in the last step, and the tokens of KV it lacked; 1 when it lacked a place in the batch.</summary>
    private (ScheduledRequest Request, int Tokens)? refused;

    /// <summary>Requests started since one that was overdue had its turn.</summary>
    private int starts;

    public void Enqueue(in RequestInfo request)
    {
        var scheduled = new ScheduledRequest(request);
        requests.Add(request.Id, scheduled);
        waiting.Add(scheduled, request.ArrivedAt);
    }

    public void Remove(RequestId id)
    {
        if (!requests.Remove(id, out var request)) return;
        if (request.Runs) running.Remove(request);
        else waiting.Remove(request, now: 0);
        if (refused?.Request == request) refused = null;
    }

    public void Plan(StepPlanBuilder plan)
    {
        MakeRoom(plan);
        var satisfied = PlanDecoding(plan);
        PlanPrompts(plan, satisfied);
    }

    public void Commit(in StepOutcome outcome)
    {
        if (!requests.TryGetValue(outcome.Id, out var request)) return;
        if (outcome.Sampled) request.FirstTokenCame();
        var computed = outcome.Computed - outcome.Recomputed;
        var prepaid = Math.Min(computed, request.Prepaid ?? 0);
        request.Prepaid -= prepaid;
        waiting.Charge(request, computed - prepaid);
    }

    /// <summary>
    /// A sequence that found no room in the last step takes the place of those of lower rank, the latest arrival first: as many as
    /// hold what it lacked. Before anything is planned, for a sequence in the plan keeps its KV.
    /// </summary>
    private void MakeRoom(StepPlanBuilder plan)
    {
        if (refused is not var (newcomer, lacked)) return;
        for (var last = running.Count - 1; last >= 0 && lacked > 0 && running[last].Rank < newcomer.Info.Priority; last--)
        {
            var held = plan.Progress(running[last].Id).Known;
            if (TryPreempt(plan, last)) lacked -= held;
        }
    }

    /// <summary>False when a sequence found no blocks, and none behind it could give any up.</summary>
    private bool PlanDecoding(StepPlanBuilder plan)
    {
        var satisfied = true;
        for (var i = 0; i < running.Count && plan.RowsLeft > 0; i++)
        {
            if (plan.Progress(running[i].Id).Pending == 1) satisfied = TryAdd(plan, i, 1, satisfied);
        }

        return satisfied;
    }

    private void PlanPrompts(StepPlanBuilder plan, bool satisfied)
    {
        refused = null;
        satisfied = satisfied && StartOverdue(plan);
        var i = 0;
        for (var priority = RequestPriority.High; priority >= RequestPriority.Low; priority--)
        {
            for (; i < running.Count && running[i].Rank >= priority; i++)
            {
                if (plan.PromptRows is var rows && rows == 0) return;
                var pending = plan.Progress(running[i].Id).Pending;
                if (pending > 1) satisfied = TryAdd(plan, i, Math.Min(pending, rows), satisfied);
            }

            // Blocks that come free are for those that ran already, or smaller newcomers would overtake them for ever.
            satisfied = satisfied && Start(plan, priority);
            while (i < running.Count && running[i].Rank >= priority) i++;
        }
    }

    /// <summary>
    /// Starts the overdue request when it is its turn. It takes no other's place, but is the first to get one that comes free; and
    /// when it has waited twice too long, no other starts before it. False for that.
    /// </summary>
    private bool StartOverdue(StepPlanBuilder plan)
    {
        if (starts < StartsBetweenOverdue || waiting.FindOverdue(plan.Now) is not { } overdue) return true;
        if (TryStart(plan, overdue) == PlanResult.Added) starts = 0;
        else if (waiting.IsOverdue(plan.Now - overdue.WaitsSince, times: 2)) return false;
        return true;
    }

    /// <summary>Starts those of a priority that wait, as long as there is room. False when there is none for the next.</summary>
    private bool Start(StepPlanBuilder plan, RequestPriority priority)
    {
        while (waiting.TryPeek(priority, out var next))
        {
            var request = requests[next];
            var result = TryStart(plan, request);
            if (result == PlanResult.Added) continue;
            refused = result switch
            {
                PlanResult.NoBlocks => (request, plan.Progress(next).Pending),
                PlanResult.NoSequences => (request, 1),
                _ => null,
            };
            return false;
        }

        return true;
    }

    private PlanResult TryStart(StepPlanBuilder plan, ScheduledRequest request)
    {
        if (plan.PromptRows is var rows && rows == 0) return PlanResult.NoRows;
        var pending = plan.Progress(request.Id).Pending;
        if (plan.TryAdd(request.Id, Math.Min(pending, rows)) is var result && result != PlanResult.Added) return result;

        waiting.Remove(request, plan.Now);
        starts++;
        Run(request);
        Prepay(request, plan.Progress(request.Id).Pending);
        return result;
    }

    /// <summary>Plans rows of a running request; one behind it gives way if blocks are short, <paramref name="mayTake"/> provided.</summary>
    /// <returns>Whether it, and those before it, have its blocks.</returns>
    private bool TryAdd(StepPlanBuilder plan, int index, int rows, bool mayTake)
    {
        var id = running[index].Id;
        while (plan.TryAdd(id, rows) == PlanResult.NoBlocks)
        {
            if (!mayTake || !TryPreemptBehind(plan, index)) return false;
        }

        return mayTake;
    }

    private bool TryPreemptBehind(StepPlanBuilder plan, int index)
    {
        for (var last = running.Count - 1; last > index; last--)
        {
            if (TryPreempt(plan, last)) return true;
        }

        return false;
    }

    private bool TryPreempt(StepPlanBuilder plan, int index)
    {
        var request = running[index];
        if (!plan.Preempt(request.Id)) return false;
        running.RemoveAt(index);
        request.Runs = false;
        waiting.Add(request, plan.Now);
        return true;
    }

    /// <summary>
    /// A prompt is paid for when it is started first, or one tenant would start all it has before anything of it ran; and with
    /// it the token that comes of it, so that later each token computed pays for the next.
    /// </summary>
    private void Prepay(ScheduledRequest request, int tokens)
    {
        if (request.Prepaid is not null) return;
        request.Prepaid = tokens;
        waiting.Charge(request, tokens + 1);
    }

    private void Run(ScheduledRequest request)
    {
        request.Rank = waiting.IsOverdue(request.Waited) ? RequestPriority.High : request.Info.Priority;
        var place = running.Count;
        while (place > 0 && request.Outranks(running[place - 1])) place--;
        running.Insert(place, request);
        request.Runs = true;
    }
}
