namespace Helios.Sdk.Scheduling;

/// <summary>
/// Plans each step and learns what came of it. Pure managed code on the device thread: it sees ids, counts and times, no
/// tensor. It proposes; the <see cref="StepPlanBuilder"/> refuses what does not fit, so a scheduler cannot over-commit.
/// </summary>
public interface IScheduler
{
    /// <summary>A request waits from now on.</summary>
    /// <param name="request">What is known of it.</param>
    void Enqueue(in RequestInfo request);

    /// <summary>A request is gone: finished, cancelled or failed.</summary>
    /// <param name="id">Its id.</param>
    void Remove(RequestId id);

    /// <summary>Proposes rows for the next step. Should cost no more than the rows it plans.</summary>
    /// <param name="plan">Takes the proposals, and says what each request still has to compute.</param>
    void Plan(StepPlanBuilder plan);

    /// <summary>A planned request ran.</summary>
    /// <param name="outcome">What came of its rows.</param>
    void Commit(in StepOutcome outcome);
}

/// <summary>Identifies a request within one engine.</summary>
/// <param name="Value">Rises with arrival.</param>
public readonly record struct RequestId(long Value);

/// <summary>What a scheduler knows of a request when it arrives.</summary>
/// <param name="Id">Its id.</param>
/// <param name="PromptTokens">Length of the prompt in tokens.</param>
/// <param name="MaxNewTokens">Most tokens it may generate; 0 for one that is only scored.</param>
/// <param name="Tenant">Whose it is; <c>anonymous</c> when the request named nobody.</param>
/// <param name="ArrivedAt"><see cref="TimeProvider.GetTimestamp"/> at arrival.</param>
public readonly record struct RequestInfo(RequestId Id, int PromptTokens, int MaxNewTokens, string Tenant, long ArrivedAt)
{
    /// <summary>How urgent its caller says it is.</summary>
    public RequestPriority Priority { get; init; } = RequestPriority.Normal;

    /// <summary>The tenant's share beside those of others: <see cref="TenantOptions.Weight"/>, above 0.</summary>
    public double TenantWeight { get; init; } = 1;

    /// <summary>Timestamp by which its first token should be there; <see cref="long.MaxValue"/> for none.</summary>
    public long FirstTokenDeadline { get; init; } = long.MaxValue;

    /// <summary>Timestamp by which its whole answer should be there; <see cref="long.MaxValue"/> for none.</summary>
    public long Deadline { get; init; } = long.MaxValue;

    /// <summary>The earlier of its deadlines; <see cref="long.MaxValue"/> when it has none.</summary>
    public long NextDeadline => Math.Min(FirstTokenDeadline, Deadline);
}

/// <summary>What came of one request's rows in a step.</summary>
/// <param name="Id">The request.</param>
/// <param name="Computed">Tokens computed in the step.</param>
/// <param name="Recomputed">Those of them that were computed before a preemption already: nobody should pay for them twice.</param>
/// <param name="Sampled">Whether a new token came out.</param>
public readonly record struct StepOutcome(RequestId Id, int Computed, int Recomputed, bool Sampled);

/// <summary>Progress of a request: computed tokens chase known ones. Prefill, chunking, decode and resumption are all this.</summary>
/// <param name="Known">Tokens known: prompt and answer so far.</param>
/// <param name="Computed">Tokens whose KV is held.</param>
public readonly record struct RequestProgress(int Known, int Computed)
{
    /// <summary>Tokens to run before the next one can be sampled; 1 while decoding.</summary>
    public int Pending => Known - Computed;
}

/// <summary>What became of a proposal.</summary>
public enum PlanResult
{
    /// <summary>It is in the plan.</summary>
    Added,

    /// <summary>The step has no rows left.</summary>
    NoRows,

    /// <summary>As many sequences run as may.</summary>
    NoSequences,

    /// <summary>
    /// There are not enough KV blocks, nor bytes to make them, or a newcomer would leave too few to those that run
    /// (<see cref="ServingOptions.KvWatermark"/>). Preempt somebody, or wait.
    /// </summary>
    NoBlocks,

    /// <summary>The request cannot run now: it is gone, waits for its model, or is in the plan already.</summary>
    NotRunnable,
}

/// <summary>The plan of one step, filled by a scheduler. It owns KV accounting and refuses over-commit.</summary>
public abstract class StepPlanBuilder
{
    /// <summary>Rows (tokens) that may still be added.</summary>
    public abstract int RowsLeft { get; }

    /// <summary>
    /// Rows of prompts that may still be added without stretching the step beyond <see cref="ServingOptions.MaxDecodeStretch"/> and <see cref="ServingOptions.UnpacedStepTime"/>
    /// times what the rows of decoding requests planned so far take alone, going by steps that ran. Plan those first, then
    /// prompts. Equals <see cref="RowsLeft"/> while nobody decodes. A recommendation: <see cref="TryAdd"/> does not enforce it.
    /// </summary>
    public abstract int PromptRows { get; }

    /// <summary><see cref="TimeProvider.GetTimestamp"/> at the start of the step.</summary>
    public abstract long Now { get; }

    /// <summary>Progress of a request; default for one that is unknown.</summary>
    /// <param name="id">The request.</param>
    public abstract RequestProgress Progress(RequestId id);

    /// <summary>Adds rows of a request, fewer than asked for when fewer are pending or left.</summary>
    /// <param name="id">The request.</param>
    /// <param name="tokens">Rows wanted, at least 1.</param>
    public abstract PlanResult TryAdd(RequestId id, int tokens);

    /// <summary>
    /// Drops a request's KV; it computes its tokens again later, at the depths they ran to, and goes on as it would have.
    /// False when it is in this step's plan, holds no KV, or has produced no token since it was last preempted: a sequence that comes
    /// back makes progress, so requests cannot push each other out for ever.
    /// </summary>
    /// <param name="id">The request.</param>
    public abstract bool Preempt(RequestId id);
}
