using Helios.Sdk.Scheduling;
using Helios.Sdk.Serving.Drafting;
using Helios.Sdk.Serving.KvCache;
using Helios.Sdk.Serving.Requests;
using Helios.Sdk.Serving.Routing;
using Helios.Sdk.Serving.Streaming;

namespace Helios.Sdk.Serving.Scheduling;

/// <summary>Rows of one sequence in a step: <paramref name="Count"/> tokens from its first uncomputed one.</summary>
internal readonly record struct PlannedRows(Sequence Sequence, int Count)
{
    /// <summary>Whether the rows reach the last known token, so that the next one can be sampled.</summary>
    public bool Samples => Sequence.Computed + Count == Sequence.Known;

    /// <summary>Most tokens to draft behind them; there are rows and KV blocks for so many.</summary>
    public int Drafts { get; init; }

    /// <summary>What says how far to draft; null when nothing is drafted.</summary>
    public DraftControl? Control => Drafts > 0 ? Sequence.Route!.Drafts : null;
}

/// <summary>
/// The plan of one step: data for the runner, and the builder that a scheduler fills. It alone grows and drops KV, so a
/// scheduler can propose anything and over-commit nothing. Reused from step to step.
/// </summary>
internal sealed class StepPlan : StepPlanBuilder
{
    private readonly SequenceTable sequences;
    private readonly BlockPool blocks;
    private readonly PromptCache prompts;
    private readonly Admission admission;
    private readonly ServingOptions limits;
    private PromptPacing pacing;
    private Route? pacedFor;
    private readonly List<PlannedRows> entries = [];
    private readonly List<(Sequence Sequence, RequestOutcome Outcome)> refused = [];
    private Sequence? stuck;
    private long step;
    private int rowsLeft;
    private int decodeRows;
    private long now;

    public StepPlan(SequenceTable sequences, BlockPool blocks, PromptCache prompts, Admission admission, ServingOptions limits)
    {
        this.sequences = sequences;
        this.blocks = blocks;
        this.prompts = prompts;
        this.admission = admission;
        this.limits = limits;
        pacing = NewPacing();
    }

    public override int RowsLeft => rowsLeft;

    public override int PromptRows => Math.Clamp(pacing.PromptRows(decodeRows) - PromptRowsPlanned, 0, rowsLeft);

    public override long Now => now;

    public List<PlannedRows> Entries => entries;

    private int PromptRowsPlanned => limits.MaxRowsPerStep - rowsLeft - decodeRows;

    public void Begin(long timestamp)
    {
        step++;
        stuck = null;
        refused.Clear();
        now = timestamp;
        rowsLeft = limits.MaxRowsPerStep;
        decodeRows = 0;
        entries.Clear();
        if (ReferenceEquals(admission.Serving, pacedFor)) return;

        // What rows took at the point before says nothing of this one.
        pacedFor = admission.Serving;
        pacing = NewPacing();
    }

    /// <summary>The scheduler has planned: the sequences that can never run, each once, and how their requests end. Valid until the next step begins.</summary>
    public List<(Sequence Sequence, RequestOutcome Outcome)> End()
    {
        if (stuck is not null && entries.Count == 0)
            refused.Add((stuck, RequestOutcome.Failed(new HeliosException(Invariant($"The memory budget has no room for the KV of {stuck.Known} tokens of '{stuck.Lease!.Target}' beside its weights.")))));
        return refused;
    }

    /// <summary>The plan ran, and took that long: what later steps may take in goes by it.</summary>
    public void Ran(TimeSpan elapsed) => pacing.Learn(decodeRows, PromptRowsPlanned, elapsed.TotalSeconds);

    public override RequestProgress Progress(RequestId id) =>
        sequences.Find(id) is { } sequence ? new RequestProgress(sequence.Known, sequence.Computed) : default;

    public override PlanResult TryAdd(RequestId id, int tokens)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(tokens, 1);
        if (sequences.Find(id) is not { } sequence || sequence.PlannedInStep == step) return PlanResult.NotRunnable;
        if (rowsLeft == 0) return PlanResult.NoRows;
        if (sequence.Kv is null && Admit(sequence) is var admitted and not PlanResult.Added) return admitted;

        var count = Math.Min(Math.Min(tokens, sequence.Known - sequence.Computed), rowsLeft);
        if (!TryGrow(sequence, sequence.Kv!, count)) return PlanResult.NoBlocks;
        if (!sequence.Kv!.TryOwn(blocks, sequence.Computed / blocks.TokensPerBlock)) return PlanResult.NoBlocks;

        sequence.PlannedInStep = step;
        entries.Add(new PlannedRows(sequence, count));
        rowsLeft -= count;
        if (sequence.Known - sequence.Computed == 1) decodeRows++;
        return PlanResult.Added;
    }

    public override bool Preempt(RequestId id) =>
        sequences.Find(id) is { Kv: not null, HasProgressed: true } sequence && sequence.PlannedInStep != step && sequences.Preempt(sequence, blocks);

    /// <summary>A sequence starts with blocks for all it knows, so that its prompt is not given up half-way.</summary>
    private PlanResult Admit(Sequence sequence)
    {
        if (sequences.Running >= Math.Min(limits.MaxBatchSize, admission.MaxBatch)) return PlanResult.NoSequences;
        if (!admission.TryAssign(sequence, out var refusal))
        {
            if (refusal is not null) Refuse(sequence, refusal);
            return PlanResult.NotRunnable;
        }

        var kv = sequence.SpareTables ??= new KvTables(sequence.KvParts, blocks.BlocksFor(sequence.Known) + 1);
        if (!prompts.TryStart(sequence, kv, Reserve))
        {
            NoteStuck(sequence, kv);
            kv.Release(blocks);
            return PlanResult.NoBlocks;
        }

        sequences.GiveKv(sequence, kv);
        sequence.StartedAt ??= now;
        return PlanResult.Added;
    }

    /// <summary>Blocks that must stay obtainable beside a newcomer's, so that those that run can grow; it may take all when none runs.</summary>
    private KvReserve Reserve => new(sequences.Running, limits.KvWatermark);

    private PromptPacing NewPacing() => new(limits.MaxDecodeStretch, limits.KvBlockTokens, limits.UnpacedStepTime.TotalSeconds);

    private bool TryGrow(Sequence sequence, KvTables kv, int rows)
    {
        var end = sequence.Computed + rows;
        kv.Slide(blocks, sequence.Computed);
        if (kv.TryGrow(blocks, sequence.Computed, end, end)) return true;
        NoteStuck(sequence, kv);
        return false;
    }

    /// <summary>Whether it found no blocks although no other sequence holds any: then it will never fit.</summary>
    private void NoteStuck(Sequence sequence, KvTables kv)
    {
        if (kv.AreAllUsed(blocks)) stuck = sequence;
    }

    private void Refuse(Sequence sequence, RequestOutcome outcome)
    {
        // Proposed again in this step, it is not tried again.
        sequence.PlannedInStep = step;
        refused.Add((sequence, outcome));
    }
}
