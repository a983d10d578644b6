namespace Helios.Sdk.Scheduling;

/// <summary>
/// Plans each step and gets its outcome. Pure managed code on the device thread: it gets ids, counts and times, no
/// tensors. It proposes rows; the <see cref="StepPlanBuilder"/> refuses rows that do not fit, so a scheduler cannot over-commit.
/// </summary>
public interface IScheduler
{
    /// <summary>Adds a waiting request.</summary>
    /// <param name="request">The request.</param>
    void Enqueue(in RequestInfo request);

    /// <summary>Removes a request: it finished, was cancelled or failed.</summary>
    /// <param name="id">Its id.</param>
    void Remove(RequestId id);

    /// <summary>Proposes rows for the next step. Its cost should be proportional to the rows that it plans.</summary>
    /// <param name="plan">Takes the proposals, and has the progress of each request.</param>
    void Plan(StepPlanBuilder plan);

    /// <summary>A planned request ran.</summary>
    /// <param name="outcome">The outcome of its rows.</param>
    void Commit(in StepOutcome outcome);
}

/// <summary>Identifies a request within one engine.</summary>
/// <param name="Value">Rises with arrival.</param>
public readonly record struct RequestId(long Value);

/// <summary>A request as a scheduler sees it.</summary>
/// <param name="Id">Its id.</param>
/// <param name="PromptTokens">Length of the prompt in tokens.</param>
/// <param name="MaxNewTokens">Maximum tokens to generate; 0 for a request that is only scored.</param>
/// <param name="Tenant">Its tenant; <c>anonymous</c> if the request has none.</param>
/// <param name="ArrivedAt"><see cref="TimeProvider.GetTimestamp"/> at arrival.</param>
public readonly record struct RequestInfo(RequestId Id, int PromptTokens, int MaxNewTokens, string Tenant, long ArrivedAt)
{
    /// <summary>Its priority.</summary>
    public RequestPriority Priority { get; init; } = RequestPriority.Normal;

    /// <summary>The tenant's weight: <see cref="TenantOptions.Weight"/>, above 0.</summary>
    public double TenantWeight { get; init; } = 1;

    /// <summary>Timestamp at which its first token is due; <see cref="long.MaxValue"/> for none.</summary>
    public long FirstTokenDeadline { get; init; } = long.MaxValue;

    /// <summary>Timestamp at which its complete answer is due; <see cref="long.MaxValue"/> for none.</summary>
    public long Deadline { get; init; } = long.MaxValue;

    /// <summary>The earlier of its due times; <see cref="long.MaxValue"/> if it has none.</summary>
    public long NextDeadline => Math.Min(FirstTokenDeadline, Deadline);
}

/// <summary>The outcome of one request's rows in a step.</summary>
/// <param name="Id">The request.</param>
/// <param name="Computed">Tokens computed in the step.</param>
/// <param name="Recomputed">Those of them that had been computed before a preemption; they should not be charged again.</param>
/// <param name="Sampled">Whether a new token was sampled.</param>
public readonly record struct StepOutcome(RequestId Id, int Computed, int Recomputed, bool Sampled);

/// <summary>Progress of a request: known and computed tokens. Prefill, chunks, decode and resumption all compute known tokens.</summary>
/// <param name="Known">Known tokens: prompt and answer so far.</param>
/// <param name="Computed">Tokens with KV.</param>
public readonly record struct RequestProgress(int Known, int Computed)
{
    /// <summary>Tokens to run before the next one can be sampled; 1 while decoding.</summary>
    public int Pending => Known - Computed;
}

/// <summary>The result of a proposal.</summary>
public enum PlanResult
{
    /// <summary>It is in the plan.</summary>
    Added,

    /// <summary>The step has no rows left.</summary>
    NoRows,

    /// <summary>The maximum of running sequences is reached.</summary>
    NoSequences,

    /// <summary>
    /// There are not enough KV blocks, nor bytes for more, or a new request would leave too few blocks for running requests
    /// (<see cref="ServingOptions.KvWatermark"/>). Preempt a request, or wait.
    /// </summary>
    NoBlocks,

    /// <summary>The request cannot run now: it has ended, waits for its model, or is in the plan already.</summary>
    NotRunnable,
}

/// <summary>The plan of one step, filled by a scheduler. It owns KV accounting and refuses over-commit.</summary>
public abstract class StepPlanBuilder
{
    /// <summary>Rows (tokens) that may still be added.</summary>
    public abstract int RowsLeft { get; }

    /// <summary>
    /// Prompt rows that may still be added so that the step stays within <see cref="ServingOptions.MaxDecodeStretch"/> times the time of the
    /// decode rows planned so far, or within <see cref="ServingOptions.UnpacedStepTime"/>, estimated from recent steps. Plan decode rows first, then
    /// prompts. Equals <see cref="RowsLeft"/> if no request decodes. A recommendation: <see cref="TryAdd"/> does not enforce it.
    /// </summary>
    public abstract int PromptRows { get; }

    /// <summary><see cref="TimeProvider.GetTimestamp"/> at the start of the step.</summary>
    public abstract long Now { get; }

    /// <summary>Progress of a request; default for an unknown request.</summary>
    /// <param name="id">The request.</param>
    public abstract RequestProgress Progress(RequestId id);

    /// <summary>Adds rows of a request; fewer rows than requested if fewer are pending or left.</summary>
    /// <param name="id">The request.</param>
    /// <param name="tokens">Rows to add, at least 1.</param>
    public abstract PlanResult TryAdd(RequestId id, int tokens);

    /// <summary>
    /// Preempts a request: it loses its KV, computes its tokens again later, at the same depths, and continues with the same answer.
    /// False if it is in this step's plan, holds no KV, or has produced no token since it was last preempted. So every request makes
    /// progress, and requests cannot preempt each other forever.
    /// </summary>
    /// <param name="id">The request.</param>
    public abstract bool Preempt(RequestId id);
}
