using Helios.Sdk.Backends;
using Helios.Sdk.ExitPolicies;
using Helios.Sdk.Models;
using Helios.Sdk.Serving.Drafting;
using Helios.Sdk.Serving.Requests;
using Helios.Sdk.Serving.Routing;
using Helios.Sdk.Serving.Scheduling;

namespace Helios.Sdk.Serving.Decoding;

/// <summary>
/// Self-speculative decoding: rows climb to an exit, tokens drafted there join as rows of their own and climb after them,
/// and in the end all rows go through the remaining layers in one pass. The tokens drawn at full depth are the answer; a
/// draft only decides how many of them come out of one step. A row's draw depends on sequence and position alone, so what
/// comes out is what would have come out a token at a time. Allocates nothing in a step.
/// </summary>
internal sealed class SpeculativeWalk
{
    private readonly TimeProvider time;
    private readonly Draft[] drafts;
    private readonly StepAssembly rows;
    private readonly Guess[] guesses;
    private readonly RowToken[] joining;
    private readonly int[] chosen;
    private readonly int[] entered;
    private readonly SampleRow[] draws;
    private readonly SampledToken[] sampled;
    private int count;
    private int enteredCount;
    private double inLayers;
    private double inHead;

    public SpeculativeWalk(int maxRows, TimeProvider time)
    {
        this.time = time;
        drafts = new Draft[maxRows];
        rows = new StepAssembly(maxRows);
        guesses = new Guess[maxRows];
        joining = new RowToken[maxRows];
        chosen = new int[maxRows];
        entered = new int[maxRows];
        draws = new SampleRow[maxRows];
        sampled = new SampledToken[maxRows];
    }

    /// <summary>Tokens that came out for a planned sequence, at least one, in order.</summary>
    /// <param name="index">Index into the plan.</param>
    public ReadOnlySpan<SampledToken> TokensOf(int index) => sampled.AsSpan(drafts[index].FirstSampled, drafts[index].Accepted + 1);

    /// <summary>Runs the planned rows of one model and route.</summary>
    public StepTiming Run(ServedModel model, DraftControl control, ReadOnlySpan<PlannedRows> plan)
    {
        var started = time.GetTimestamp();
        (inLayers, inHead) = (0, 0);
        Gather(model, plan);
        Climb(model, control, count);
        var checking = ChooseAll();
        Check(model, control, checking);
        Propose(model, control, checking);
        Verify(model, control);
        var tokens = Accept(control);

        var total = Seconds(started);
        control.DraftRan(tokens, total);
        return Timing(control, new StepTimes(inLayers, inHead, total - inLayers - inHead));
    }

    /// <summary>A row for each sequence's last known token, and rows behind it that wait for drafts.</summary>
    private void Gather(ServedModel model, ReadOnlySpan<PlannedRows> plan)
    {
        (count, enteredCount) = (0, 0);
        rows.Clear();
        foreach (ref readonly var planned in plan)
        {
            var sequence = planned.Sequence;
            var (table, position, depth) = (rows.AddBlocks(sequence.Kv!), sequence.Computed, sequence.Route!.Depth);
            drafts[count++] = new Draft { Sequence = sequence, FirstRow = rows.Add(new StepRow(sequence.Tokens[position], position, table, depth)), Granted = planned.Drafts, Chance = 1 };
            for (var i = 1; i <= planned.Drafts; i++) rows.Add(new StepRow(StepRow.Unknown, position + i, table, depth));
        }

        guesses.AsSpan(0, rows.Count).Clear();
        rows.Begin(model.Device);
    }

    /// <summary>Round by round: sequences whose guess promises enough take it as a row, which climbs to the exit and is checked in turn.</summary>
    private void Propose(ServedModel model, DraftControl control, int checking)
    {
        while ((checking = ChooseDrafts(control, checking)) > 0)
        {
            Join(model, control, checking);
            checking = ChooseExits(control, checking);
            if (checking == 0) return;
            Check(model, control, checking);
        }
    }

    private int ChooseAll()
    {
        for (var i = 0; i < count; i++) chosen[i] = i;
        return count;
    }

    /// <summary>Draws a token from the last row of each chosen sequence at the exit.</summary>
    private void Check(ServedModel model, DraftControl control, int checking)
    {
        for (var i = 0; i < checking; i++)
        {
            ref readonly var draft = ref drafts[chosen[i]];
            draws[i] = Draws.Of(draft.Sequence, draft.LastRow, rows[draft.LastRow].Position, ExitSignals.Top1) with { Likeliest = default };
        }

        Sample(model, control, checking);
        for (var i = 0; i < checking; i++)
        {
            ref var draft = ref drafts[chosen[i]];
            var guess = new Guess(IsMade: true, sampled[i].TokenId, sampled[i].Signal.Top1);
            guesses[draft.LastRow] = guess;
            draft.Chance *= control.Acceptance(draft.Samples).At(guess.Top1);
        }
    }

    /// <summary>Keeps those of the chosen sequences whose guess is worth a row. With fewer of them a row costs more, so that it is asked again.</summary>
    private int ChooseDrafts(DraftControl control, int checking)
    {
        while (true)
        {
            var kept = 0;
            for (var i = 0; i < checking; i++)
            {
                ref readonly var draft = ref drafts[chosen[i]];
                if (draft.Length < draft.Granted && (draft.Length < control.Tried(count) || IsWorth(control, draft, checking, known: true))) chosen[kept++] = chosen[i];
            }

            if (kept == checking || kept == 0) return kept;
            checking = kept;
        }
    }

    /// <summary>Keeps those of the sequences that just drafted for which another check is worth a head.</summary>
    private int ChooseExits(DraftControl control, int checking)
    {
        var kept = 0;
        for (var i = 0; i < checking; i++)
        {
            ref readonly var draft = ref drafts[chosen[i]];
            if (draft.Length < draft.Granted && (draft.Length < control.Tried(count) || IsWorth(control, draft, checking, known: false))) chosen[kept++] = chosen[i];
        }

        return kept;
    }

    private bool IsWorth(DraftControl control, in Draft draft, int checking, bool known)
    {
        var mean = control.Acceptance(draft.Samples).Mean;
        var chance = known ? draft.Chance : draft.Chance * mean;
        return chance >= control.LeastChance(new StepSize(count, enteredCount), checking, draft.Granted - draft.Length, mean, known);
    }

    /// <summary>Guesses of the chosen sequences become rows, which run up to the exit.</summary>
    private void Join(ServedModel model, DraftControl control, int joiningCount)
    {
        for (var i = 0; i < joiningCount; i++)
        {
            ref var draft = ref drafts[chosen[i]];
            var guess = guesses[draft.LastRow];
            draft.Length++;
            draft.Sequence.Edit?.Draft(guess.Token);
            joining[i] = new RowToken(draft.LastRow, guess.Token);
        }

        model.Device.Extend(joining.AsSpan(0, joiningCount));
        Climb(model, control, joiningCount);
    }

    /// <summary>All rows through the layers above the exit, and a draw from each.</summary>
    private void Verify(ServedModel model, DraftControl control)
    {
        var next = 0;
        for (var i = 0; i < count; i++)
        {
            ref var draft = ref drafts[i];
            draft.FirstSampled = next;
            for (var row = draft.FirstRow; row <= draft.LastRow; row++)
            {
                entered[next] = row;
                draws[next++] = Draws.Of(draft.Sequence, row, rows[row].Position, ExitSignals.Top1);
            }
        }

        RunLayers(model, control.Above, new LayerRange(control.Depth, control.FullDepth), next);
        model.Device.Retire(entered.AsSpan(0, next));
        Sample(model, control, next);
    }

    /// <summary>Counts the drafts that are what was drawn at full depth, up to the first that is not. Returns the tokens that come out.</summary>
    private int Accept(DraftControl control)
    {
        var tokens = 0;
        for (var i = 0; i < count; i++)
        {
            ref var draft = ref drafts[i];
            var acceptance = control.Acceptance(draft.Samples);
            while (guesses[draft.FirstRow + draft.Accepted] is { IsMade: true } guess)
            {
                var isRight = guess.Token == sampled[draft.FirstSampled + draft.Accepted].TokenId;
                acceptance.Learn(guess.Top1, isRight);
                if (!isRight || draft.Accepted == draft.Length) break;
                draft.Accepted++;
            }

            control.Count(draft.Length, draft.Accepted);
            tokens += draft.Accepted + 1;
        }

        return tokens;
    }

    /// <summary>Rows that entered go up to the exit.</summary>
    private void Climb(ServedModel model, DraftControl control, int entering)
    {
        RunLayers(model, control.Below, LayerRange.To(control.Depth), entering);
        enteredCount += entering;
    }

    private void RunLayers(ServedModel model, QuickestTimes times, LayerRange layers, int rowsAtWork)
    {
        var started = time.GetTimestamp();
        model.Device.Run(layers);
        var seconds = Seconds(started);
        times.Observe(rowsAtWork, seconds);
        inLayers += seconds;
    }

    private void Sample(ServedModel model, DraftControl control, int drawCount)
    {
        var started = time.GetTimestamp();
        model.Device.Sample(draws.AsSpan(0, drawCount), sampled.AsSpan(0, drawCount));
        var seconds = Seconds(started);
        control.Head.Observe(drawCount, seconds);
        inHead += seconds;
    }

    private double Seconds(long started) => time.GetElapsedTime(started).TotalSeconds;

    /// <summary>Sequences count as sampled rows, each once.</summary>
    private StepTiming Timing(DraftControl control, StepTimes times)
    {
        long context = 0;
        foreach (var row in entered.AsSpan(0, enteredCount)) context += rows[row].Position + 1;
        return new StepTiming(enteredCount, count, control.FullDepth, context, times);
    }

    /// <summary>A token drawn at the exit from a row.</summary>
    private readonly record struct Guess(bool IsMade, int Token, float Top1);

    /// <summary>A sequence in the step.</summary>
    private struct Draft
    {
        public Sequence Sequence;

        /// <summary>Row of its last known token; its drafts have the rows behind it.</summary>
        public int FirstRow;

        /// <summary>Most tokens it may draft.</summary>
        public int Granted;

        /// <summary>Tokens drafted.</summary>
        public int Length;

        /// <summary>Chance that all its drafts are accepted, the last guess included.</summary>
        public double Chance;

        /// <summary>Where its verified tokens start.</summary>
        public int FirstSampled;

        /// <summary>Drafts that were right.</summary>
        public int Accepted;

        public readonly int LastRow => FirstRow + Length;

        public readonly bool Samples => Sequence.Sampling.Draws;
    }
}
