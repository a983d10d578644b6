using Helios.Sdk.Scheduling;

namespace Helios.Sdk.Tests.Serving.Scheduling;

/// <summary>
/// A plan builder over made-up requests with a number of KV blocks, which counts what a scheduler asks of it. It refuses
/// over-commit, and preemption without progress, as the engine's does.
/// </summary>
internal sealed class SimulatedDevice(int rows, int sequences, int blocks, ManualClock? clock = null) : StepPlanBuilder
{
    public const int BlockTokens = 16;

    private readonly Dictionary<RequestId, Job> jobs = [];
    private readonly HashSet<RequestId> planned = [];
    private int rowsLeft;
    private int held;
    private int running;
    private long lastId;

    /// <summary>What the last step planned, in order.</summary>
    public List<(RequestId Id, int Rows, bool Decodes)> Planned { get; } = [];

    /// <summary>Who gave blocks up, in order.</summary>
    public List<RequestId> Preempted { get; } = [];

    public List<RequestId> Finished { get; } = [];

    /// <summary>Tokens that tenants got: prompts, once, and answers.</summary>
    public Dictionary<string, long> Served { get; } = [];

    /// <summary>Blocks there are; a load may take some.</summary>
    public int Blocks { get; set; } = blocks;

    /// <summary>Most rows of prompts in a step that has rows of decoding requests.</summary>
    public int PromptRowsBesideDecoding { get; set; } = int.MaxValue;

    public int Calls { get; private set; }

    public int Live => jobs.Count;

    public int Running => running;

    public override int RowsLeft => rowsLeft;

    public override int PromptRows =>
        Planned.Exists(row => row.Decodes) ? Math.Clamp(PromptRowsBesideDecoding - Planned.Where(row => !row.Decodes).Sum(row => row.Rows), 0, rowsLeft) : rowsLeft;

    public override long Now => clock?.GetTimestamp() ?? 0;

    public RequestId Arrive(IScheduler scheduler, int prompt, int maxTokens, Func<RequestInfo, RequestInfo>? with = null)
    {
        var id = new RequestId(++lastId);
        var info = new RequestInfo(id, prompt, maxTokens, "anonymous", Now);
        info = with?.Invoke(info) ?? info;
        jobs.Add(id, new Job(info));
        scheduler.Enqueue(info);
        return id;
    }

    public void Leave(IScheduler scheduler, RequestId id)
    {
        scheduler.Remove(id);
        DropKv(id);
        jobs.Remove(id);
    }

    /// <summary>A preemption that the engine decides on, without asking the scheduler.</summary>
    public void DropKv(RequestId id)
    {
        var job = jobs[id];
        if (job.Held == 0) return;
        held -= job.Held;
        running--;
        (job.Held, job.Computed, job.KnownAtDrop) = (0, 0, job.Known);
    }

    public bool IsRunning(RequestId id) => jobs.TryGetValue(id, out var job) && job.Held > 0;

    /// <summary>Plans a step and runs it.</summary>
    public void Step(IScheduler scheduler)
    {
        rowsLeft = rows;
        Planned.Clear();
        planned.Clear();
        scheduler.Plan(this);
        foreach (var (id, count, _) in Planned.ToArray())
        {
            var job = jobs[id];
            job.Computed += count;
            var recomputed = Math.Max(0, count - Math.Max(0, job.Computed - job.Ran));
            var sampled = job.Computed == job.Known;
            Serve(job, Math.Clamp(Math.Min(job.Computed, job.Info.PromptTokens) - job.Ran, 0, count) + (sampled ? 1 : 0));
            job.Ran = Math.Max(job.Ran, job.Computed);
            scheduler.Commit(new StepOutcome(id, count, recomputed, sampled));
            if (!sampled) continue;
            job.Known++;
            if (--job.Left > 0) continue;
            Leave(scheduler, id);
            Finished.Add(id);
        }
    }

    public override RequestProgress Progress(RequestId id)
    {
        Calls++;
        return jobs.TryGetValue(id, out var job) ? new RequestProgress(job.Known, job.Computed) : default;
    }

    public override PlanResult TryAdd(RequestId id, int tokens)
    {
        Calls++;
        if (!jobs.TryGetValue(id, out var job) || planned.Contains(id)) return PlanResult.NotRunnable;
        if (rowsLeft == 0) return PlanResult.NoRows;
        var count = Math.Min(Math.Min(tokens, job.Known - job.Computed), rowsLeft);
        if (job.Held == 0 && running >= sequences) return PlanResult.NoSequences;
        var wanted = Math.Max(job.Held, BlocksFor(job.Held == 0 ? job.Known : job.Computed + count));
        if (held + wanted - job.Held > Blocks) return PlanResult.NoBlocks;
        if (job.Held == 0) running++;
        held += wanted - job.Held;
        job.Held = wanted;
        planned.Add(id);
        Planned.Add((id, count, job.Known - job.Computed == 1));
        rowsLeft -= count;
        return PlanResult.Added;
    }

    public override bool Preempt(RequestId id)
    {
        Calls++;
        if (!jobs.TryGetValue(id, out var job) || job.Held == 0 || job.Known <= job.KnownAtDrop || planned.Contains(id)) return false;
        DropKv(id);
        Preempted.Add(id);
        return true;
    }

    private static int BlocksFor(int tokens) => (tokens + BlockTokens - 1) / BlockTokens;

    private void Serve(Job job, int tokens) => Served[job.Info.Tenant] = Served.GetValueOrDefault(job.Info.Tenant) + tokens;

    private sealed class Job(RequestInfo info)
    {
        public RequestInfo Info { get; } = info;

        public int Known { get; set; } = info.PromptTokens;

        public int Computed { get; set; }

        /// <summary>Tokens that ever ran.</summary>
        public int Ran { get; set; }

        public int Left { get; set; } = info.MaxNewTokens;

        public int Held { get; set; }

        public int KnownAtDrop { get; set; } = -1;
    }
}
