using Helios.Sdk.Serving.Scheduling;

namespace Helios.Sdk.Tests.Serving.Scheduling;

/// <summary>A plan builder over made-up requests with a number of KV blocks, which counts what a scheduler asks of it.</summary>
internal sealed class SimulatedDevice(int rows, int sequences, int blocks) : StepPlanBuilder
{
    public const int BlockTokens = 16;

    private readonly Dictionary<RequestId, Job> jobs = [];
    private int rowsLeft;
    private long lastId;

    /// <summary>What the last step planned, in order.</summary>
    public List<(RequestId Id, int Rows, bool Decodes)> Planned { get; } = [];

    /// <summary>Who gave blocks up, in order.</summary>
    public List<RequestId> Preempted { get; } = [];

    public List<RequestId> Finished { get; } = [];

    /// <summary>Blocks there are; a load may take some.</summary>
    public int Blocks { get; set; } = blocks;

    public int Calls { get; private set; }

    public int Live => jobs.Count;

    public override int RowsLeft => rowsLeft;

    public override long Now => 0;

    private int BlocksFree => Blocks - jobs.Values.Sum(job => job.Held);

    private int Running => jobs.Values.Count(job => job.Held > 0);

    public RequestId Arrive(IScheduler scheduler, int prompt, int maxTokens)
    {
        var id = new RequestId(++lastId);
        jobs.Add(id, new Job { Known = prompt, Left = maxTokens });
        scheduler.Enqueue(new RequestInfo(id, prompt, maxTokens, "anonymous", 0));
        return id;
    }

    public void Leave(IScheduler scheduler, RequestId id)
    {
        scheduler.Remove(id);
        jobs.Remove(id);
    }

    /// <summary>A preemption that the engine decides on, without asking the scheduler.</summary>
    public void DropKv(RequestId id) => jobs[id].Drop();

    /// <summary>Plans a step and runs it.</summary>
    public void Step(IScheduler scheduler)
    {
        rowsLeft = rows;
        Planned.Clear();
        scheduler.Plan(this);
        foreach (var (id, count, _) in Planned.ToArray())
        {
            var job = jobs[id];
            job.Computed += count;
            var sampled = job.Computed == job.Known;
            scheduler.Commit(new StepOutcome(id, count, sampled));
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
        if (!jobs.TryGetValue(id, out var job) || IsPlanned(id)) return PlanResult.NotRunnable;
        if (rowsLeft == 0) return PlanResult.NoRows;
        var count = Math.Min(Math.Min(tokens, job.Known - job.Computed), rowsLeft);
        if (job.Held == 0 && Running >= sequences) return PlanResult.NoSequences;
        var wanted = BlocksFor(job.Held == 0 ? job.Known : job.Computed + count);
        if (wanted - job.Held > BlocksFree) return PlanResult.NoBlocks;
        job.Held = Math.Max(job.Held, wanted);
        Planned.Add((id, count, job.Known - job.Computed == 1));
        rowsLeft -= count;
        return PlanResult.Added;
    }

    public override bool Preempt(RequestId id)
    {
        Calls++;
        if (!jobs.TryGetValue(id, out var job) || job.Held == 0 || IsPlanned(id)) return false;
        job.Drop();
        Preempted.Add(id);
        return true;
    }

    private static int BlocksFor(int tokens) => (tokens + BlockTokens - 1) / BlockTokens;

    private bool IsPlanned(RequestId id) => Planned.Exists(planned => planned.Id == id);

    private sealed class Job
    {
        public int Known;
        public int Computed;
        public int Left;
        public int Held;

        public void Drop() => (Held, Computed) = (0, 0);
    }
}
