using System.Runtime.InteropServices;
using Helios.Sdk.Backends;
using Helios.Sdk.Scheduling;
using Helios.Sdk.Serving.Decoding;
using Helios.Sdk.Serving.Drafting;
using Helios.Sdk.Serving.KvCache;
using Helios.Sdk.Serving.Requests;
using Helios.Sdk.Serving.Routing;
using Helios.Sdk.Serving.Scheduling;
using Helios.Sdk.Serving.Streaming;
using Helios.Sdk.Serving.Timing;

namespace Helios.Sdk.Serving;

/// <summary>
/// The loop that owns the device: take what came in, plan, run, commit. It never knows why it runs what it runs.
/// Everyone else reaches it through <see cref="Submit"/>, <see cref="Cancel"/> and <see cref="DeviceWork"/>.
/// </summary>
internal sealed class ServingLoop
{
    /// <summary>A limit further away than a wait can be is looked at again.</summary>
    private static readonly TimeSpan LongestWait = TimeSpan.FromDays(1);

    private readonly IScheduler scheduler;
    private readonly BlockPool blocks;
    private readonly LayerWalk walk;
    private readonly SpeculativeWalk speculation;
    private readonly DraftGrants drafts;
    private readonly StepCommit commit;
    private readonly DeviceWork work;
    private readonly IServingObserver observer;
    private readonly TimeProvider time;
    private readonly SequenceTable sequences;
    private readonly ServingState state;
    private readonly StepPlan plan;
    private readonly RequestLimits limits;
    private readonly CompletionRate completions = new();
    private readonly Dictionary<string, double> weights;
    private readonly Inbox inbox;
    private readonly List<PlannedRows> group = [];
    private readonly WakeSignal wake;
    private volatile HeliosException? refusal;
    private volatile bool stopping;
    private volatile bool aborting;

    public ServingLoop(ServingParts parts, Routes routes)
    {
        scheduler = parts.Scheduler;
        blocks = parts.Blocks;
        work = parts.Work;
        wake = work.Wake;
        sequences = parts.Sequences;
        state = parts.State;
        observer = parts.Observer;
        time = parts.Time;
        walk = new LayerWalk(parts.Options.MaxRowsPerStep, time);
        speculation = new SpeculativeWalk(parts.Options.MaxRowsPerStep, time);
        drafts = new DraftGrants(blocks);
        Prompts = new PromptCache(blocks, parts.Options);
        commit = new StepCommit(scheduler, Prompts, sequences, observer, End);
        plan = new StepPlan(sequences, blocks, Prompts, new Admission(routes), parts.Options);
        Queue = new QueuePlaces(parts.Options.MaxQueueLength, parts.Options.MaxBatchSize);
        limits = new RequestLimits(parts.Options.MaxQueueTime, time);
        weights = parts.Options.Tenants.ToDictionary(tenant => tenant.Key, tenant => tenant.Value.Weight, StringComparer.Ordinal);
        inbox = new Inbox(wake);
        Turn = new TurnWatch(time);
    }

    /// <summary>Device thread, or a test: the live sequences.</summary>
    public SequenceTable Sequences => sequences;

    /// <summary>What sequences leave to each other; its counts are for any thread.</summary>
    public PromptCache Prompts { get; }

    /// <summary>Places for requests that wait; for any thread.</summary>
    public QueuePlaces Queue { get; }

    /// <summary>What says that the loop stalls; for any thread.</summary>
    public TurnWatch Turn { get; }

    /// <summary>What it has done so far; for any thread.</summary>
    public ServingState State => state;

    /// <summary>Any thread: a request waits from now on.</summary>
    public void Submit(Sequence sequence)
    {
        sequence.QueuedAt = time.GetTimestamp();
        inbox.Post(new Command(sequence, IsCancel: false));
    }

    /// <summary>Any thread: its caller lost interest. Harmless when it has ended.</summary>
    public void Cancel(Sequence sequence) => inbox.Post(new Command(sequence, IsCancel: true));

    /// <summary>Any thread: ends the loop once no request lives.</summary>
    public void Drain()
    {
        stopping = true;
        Wake();
    }

    /// <summary>Any thread: ends the loop after the present step; live requests end as aborted.</summary>
    public void Abort()
    {
        aborting = true;
        Drain();
    }

    /// <summary>Any thread: nothing will ever serve; every request ends with this, those to come too.</summary>
    public void Refuse(HeliosException because)
    {
        refusal = because;
        Wake();
    }

    /// <summary>Any thread: a refusal because so many wait, with an estimate of how long those take.</summary>
    public ServerBusyException Busy(string message, int waiting) => new(message) { RetryAfter = completions.TimeFor(waiting) };

    /// <summary>Any thread: there may be something to do.</summary>
    public void Wake() => wake.Set();

    /// <summary>
    /// Runs until it is drained or aborted, on the thread that owns the device from then on. However it ends, every request
    /// ends with it.
    /// </summary>
    public void Run()
    {
        try
        {
            while (!aborting && !(stopping && sequences.Count == 0 && inbox.IsEmpty))
            {
                Turn.Begin();
                if (Step() || work.TryRunBackground(idle: true)) continue;
                Turn.Rest();
                wake.Wait(UntilNextLimit());
            }
        }
        catch (Exception error)
        {
            var failure = new HeliosException($"The serving loop failed: {error.Message}", error);
            state.Fail(failure);
            Close(RequestOutcome.Failed(failure));
            throw;
        }

        Close(RequestOutcome.Aborted);
    }

    /// <summary>One turn: plan, run, commit. False when there was nothing to run.</summary>
    internal bool Step()
    {
        TakeCommands();
        work.RunUrgent();

        var now = time.GetTimestamp();
        EndOverdue(now);
        EndRefused();
        plan.Begin(now);
        scheduler.Plan(plan);
        Queue.Planned(sequences.Running, sequences.Count - sequences.Running);
        EndUnrunnable();
        if (plan.Entries.Count == 0) return false;

        drafts.Give(plan.Entries, plan.RowsLeft);
        RunPlan();
        state.StepRan();
        work.TryRunBackground(idle: false);
        return true;
    }

    private void TakeCommands()
    {
        while (inbox.TryTake(out var command))
        {
            var sequence = command.Sequence;
            if (!command.IsCancel)
            {
                sequences.Add(sequence);
                limits.Add(sequence);
                scheduler.Enqueue(InfoOf(sequence));
                observer.RequestArrived(sequence);
            }
            else if (sequences.Find(sequence.Id) is not null)
            {
                End(sequence, RequestOutcome.Cancelled());
            }
        }
    }

    private RequestInfo InfoOf(Sequence sequence)
    {
        var request = sequence.Request;
        return new RequestInfo(sequence.Id, sequence.PromptLength, sequence.MaxTokens, sequence.Tenant, sequence.ArrivedAt)
        {
            Priority = request.Priority,
            TenantWeight = weights.GetValueOrDefault(sequence.Tenant, 1),
            FirstTokenDeadline = time.TimestampAfter(sequence.ArrivedAt, request.FirstTokenWithin),
            Deadline = time.TimestampAfter(sequence.ArrivedAt, request.CompleteWithin),
        };
    }

    /// <summary>Ends requests that are out of time: with what it has, or turned away when it was not started.</summary>
    private void EndOverdue(long now)
    {
        while (limits.FindDue(now) is { } sequence)
        {
            if (time.TimestampAfter(sequence.ArrivedAt, sequence.Request.TimeLimit) <= now)
                End(sequence, RequestOutcome.OutOfTime(hasBegun: !sequence.Answer.IsEmpty));
            else
                End(sequence, RequestOutcome.Failed(Busy(Invariant($"The request waited {time.GetElapsedTime(sequence.QueuedAt, now).TotalSeconds:0.###} s without being started; Serving.MaxQueueTime is {limits.MaxQueueTime!.Value.TotalSeconds:0.###} s."), sequences.Count - sequences.Running)));
        }
    }

    private TimeSpan UntilNextLimit()
    {
        if (limits.NextDue == long.MaxValue) return Timeout.InfiniteTimeSpan;
        var left = time.GetElapsedTime(time.GetTimestamp(), limits.NextDue);
        return left < LongestWait ? TimeSpan.FromMilliseconds(Math.Max(0, Math.Ceiling(left.TotalMilliseconds))) : LongestWait;
    }

    /// <summary>Before anything is planned: a sequence in a plan must live to its end.</summary>
    private void EndRefused()
    {
        if (refusal is not { } because) return;
        foreach (var sequence in sequences.All.ToArray()) End(sequence, RequestOutcome.Failed(because));
    }

    private void EndUnrunnable()
    {
        var unrunnable = plan.End();
        foreach (var (sequence, outcome) in unrunnable) End(sequence, outcome);
        if (unrunnable.Count > 0) Wake();
    }

    /// <summary>
    /// Runs the plan model by model: usually one, several while a change is under way. Of a model's rows, those that draft are
    /// a group of their own.
    /// </summary>
    private void RunPlan()
    {
        var started = time.GetTimestamp();
        var left = plan.Entries;
        while (left.Count > 0)
        {
            var served = left[^1].Sequence.Lease!.Served;
            var control = left[^1].Control;
            group.Clear();
            var kept = 0;
            for (var i = 0; i < left.Count; i++)
            {
                if (ReferenceEquals(left[i].Sequence.Lease!.Served, served) && ReferenceEquals(left[i].Control, control)) group.Add(left[i]);
                else left[kept++] = left[i];
            }

            left.RemoveRange(kept, left.Count - kept);
            RunGroup(served, control);
        }

        var elapsed = time.GetElapsedTime(started);
        plan.Ran(elapsed);
        work.CountServing(elapsed);
        completions.Worked(elapsed);
    }

    private void RunGroup(ServedModel served, DraftControl? control)
    {
        var rows = CollectionsMarshal.AsSpan(group);
        try
        {
            var timing = control is null ? RunPlain(served, rows) : speculation.Run(served, control, rows);
            state.Computed(timing.Times.Total);
            observer.StepRan(served, timing, sequences.Count - sequences.Running);
        }
        catch (StepRowException error) when (SequenceOf(error.Row, control) is { } guilty)
        {
            // Nothing ran: the others are planned again as they were, without what they drafted.
            foreach (var (sequence, _) in group) sequence.Edit?.TakeBack();
            commit.Fail(guilty, new HeliosException($"A step of '{served.Info.Name}' was refused: {error.Message}", error));
            Wake();
            return;
        }
        catch (Exception error)
        {
            // A backend that throws has lost the step, not the engine: its sequences fail, the others go on.
            var failure = new HeliosException($"A step of '{served.Info.Name}' failed: {error.Message}", error);
            foreach (var (sequence, _) in group) End(sequence, RequestOutcome.Failed(failure));
            return;
        }

        var now = time.GetTimestamp();
        if (control is null) commit.Take(served, rows, walk.Rows, now);
        else commit.Take(served, rows, speculation, now);
        if (served.RecomputedBeyond < int.MaxValue) RecomputeOutgrown(served);
    }

    /// <summary>What has grown beyond the original context of its rotary scaling computes its keys again.</summary>
    private void RecomputeOutgrown(ServedModel served)
    {
        foreach (var (sequence, _) in group)
        {
            if (sequence.Known <= served.RecomputedBeyond || sequence.RotaryLength > served.RecomputedBeyond || sequence.Kv is null) continue;
            sequence.Outgrow();
            sequences.Preempt(sequence, blocks);
        }
    }

    /// <summary>Whose row it is of the group that runs.</summary>
    private Sequence? SequenceOf(int row, DraftControl? control)
    {
        foreach (var planned in group)
        {
            row -= control is null ? planned.Count : 1 + planned.Drafts;
            if (row < 0) return planned.Sequence;
        }

        return null;
    }

    private StepTiming RunPlain(ServedModel served, ReadOnlySpan<PlannedRows> rows)
    {
        var timing = walk.Run(served, rows);
        if (timing.Rows == timing.SampledRows) rows[0].Sequence.Route!.Drafts?.PlainRan(timing.Rows, timing.Times.Total);
        return timing;
    }

    private void End(Sequence sequence, RequestOutcome outcome)
    {
        scheduler.Remove(sequence.Id);
        Free(sequence, outcome);
    }

    private void Free(Sequence sequence, RequestOutcome outcome)
    {
        sequences.Remove(sequence, blocks);
        sequence.Place?.Leave();
        limits.Remove(sequence);
        if (outcome.IsCompleted) completions.Count();
        sequence.ReleaseLease();
        observer.SequenceEnded(sequence, outcome);
        sequence.Output.Complete(outcome);
    }

    /// <summary>Nothing runs any more: ends what lives, and whatever comes from now on.</summary>
    private void Close(RequestOutcome outcome)
    {
        state.End();
        foreach (var sequence in sequences.All.ToArray()) Free(sequence, outcome);
        inbox.Close(outcome);
        work.Close();
    }
}
