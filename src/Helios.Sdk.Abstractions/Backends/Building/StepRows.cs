using Helios.Sdk.Models;

namespace Helios.Sdk.Backends;

/// <summary>
/// The rows of a step for a <see cref="LayeredModel{TLayer}"/>, with checks and states. A row waits for its token, is at work, rests while later rows
/// catch up, and retires. A backend adds its own data for block tables and rows at work. Not thread-safe; allocates nothing in a step.
/// </summary>
/// <param name="architecture">Shape of the model.</param>
/// <param name="maxRows">Maximum rows of a step.</param>
/// <param name="tokensPerBlock">Tokens of a KV block.</param>
public abstract class StepRows(ModelArchitecture architecture, int maxRows, int tokensPerBlock)
{
    private readonly KvGroups groups = KvGroups.Of(architecture);
    private readonly StepRow[] rows = new StepRow[maxRows];
    private readonly int[] tables = new int[maxRows];
    private readonly RowState[] states = new RowState[maxRows];
    private readonly int[] leftAt = new int[maxRows];
    private readonly int[] active = new int[maxRows];

    /// <summary>Layers that share KV blocks.</summary>
    public KvGroups Groups => groups;

    /// <summary>First layer of the model for which KV is kept in the step.</summary>
    public int FirstLayer { get; private set; }

    /// <summary>Rows of the step.</summary>
    public int Count { get; private set; }

    /// <summary>Maximum rows of a step.</summary>
    public int Capacity => rows.Length;

    /// <summary>Rows at work, in order.</summary>
    public ReadOnlySpan<int> Active => active.AsSpan(0, ActiveCount);

    /// <summary>Number of rows at work.</summary>
    public int ActiveCount { get; private set; }

    /// <summary>A row.</summary>
    /// <param name="row">Its index, 0..<see cref="Count"/>-1.</param>
    public ref readonly StepRow this[int row] => ref rows[row];

    /// <summary>State of a row.</summary>
    /// <param name="row">Its index.</param>
    public RowState StateOf(int row) => states[row];

    /// <summary>Depth at which a row retired; <paramref name="present"/> while it has not.</summary>
    /// <param name="row">Its index.</param>
    /// <param name="present">The present depth of the walk.</param>
    public int DepthOf(int row, int present) => states[row] == RowState.Retired ? leftAt[row] : present;

    /// <summary>What <see cref="AddTable"/> returned for the row's sequence: equal for rows of one sequence, and for no others.</summary>
    /// <param name="row">Its index.</param>
    public int TableOf(int row) => tables[row];

    /// <summary>Starts a step. Until it returns there is no step.</summary>
    /// <param name="batch">Rows and block tables.</param>
    /// <exception cref="ArgumentException">A row, a depth or a table is out of range; <see cref="StepRowException"/> names a row with an invalid token.</exception>
    public void Begin(in StepBatch batch)
    {
        Clear();
        FirstLayer = 0;
        if (batch.Rows.Length > Capacity)
            throw new ArgumentException(Invariant($"A step of {batch.Rows.Length} rows; the model was composed for {Capacity}."), nameof(batch));
        Accept(batch);
        for (var row = 0; row < Count; row++) states[row] = rows[row].TokenId == StepRow.Unknown ? RowState.Waiting : RowState.Active;
        Regroup();
    }

    /// <summary>Continues with the rows of the previous step, with other block tables.</summary>
    /// <param name="batch">The same rows, with block tables.</param>
    /// <param name="firstLayer">First layer in use: KV is kept from there on.</param>
    /// <exception cref="InvalidOperationException">The rows differ from the previous step, or some have retired.</exception>
    public void Resume(in StepBatch batch, int firstLayer)
    {
        if (Count == 0 || ActiveCount != Count || batch.Rows.Length != Count)
            throw new InvalidOperationException(Invariant($"Only a step with the same rows, none of them retired, can be resumed: {batch.Rows.Length} rows, {Count} before, {Count - ActiveCount} of them retired."));
        for (var row = 0; row < Count; row++)
        {
            if (batch.Rows[row].TokenId != rows[row].TokenId || batch.Rows[row].Position != rows[row].Position)
                throw new InvalidOperationException(Invariant($"Row {row} of the resumed step is another than before."));
        }

        Clear();
        FirstLayer = firstLayer;
        Accept(batch);
        Regroup();
    }

    /// <summary>Puts waiting rows to work; the other rows rest.</summary>
    /// <param name="entering">Waiting rows and their tokens; at least one.</param>
    /// <exception cref="InvalidOperationException">A row does not wait.</exception>
    public void Extend(ReadOnlySpan<RowToken> entering)
    {
        if (entering.IsEmpty) throw new ArgumentException("A step is extended by at least one row.", nameof(entering));
        foreach (var (row, token) in entering)
        {
            if ((uint)row >= (uint)Count) throw new ArgumentOutOfRangeException(nameof(entering), row, $"The step has {Count} rows.");
            if (states[row] != RowState.Waiting) throw new InvalidOperationException(Invariant($"Row {row} does not wait for a token."));
            if ((uint)token >= (uint)architecture.VocabularySize)
                throw new ArgumentOutOfRangeException(nameof(entering), token, Invariant($"Row {row}: token ids lie in 0..{architecture.VocabularySize - 1}."));
        }

        foreach (var row in Active) states[row] = RowState.Resting;
        foreach (var (row, token) in entering)
        {
            rows[row] = rows[row] with { TokenId = token };
            states[row] = RowState.Active;
        }

        Regroup();
    }

    /// <summary>Puts resting rows to work again.</summary>
    public void Join()
    {
        for (var row = 0; row < Count; row++)
        {
            if (states[row] == RowState.Resting) states[row] = RowState.Active;
        }

        Regroup();
    }

    /// <summary>Marks rows as retired at a depth and closes the gaps they leave.</summary>
    /// <param name="retiring">Rows at work.</param>
    /// <param name="depth">The present depth of the walk.</param>
    /// <exception cref="InvalidOperationException">A row is not at work, or is named twice.</exception>
    public void Retire(ReadOnlySpan<int> retiring, int depth)
    {
        foreach (var row in retiring)
        {
            if ((uint)row >= (uint)Count) throw new ArgumentOutOfRangeException(nameof(retiring), row, $"The step has {Count} rows.");
            if (states[row] != RowState.Active) throw new InvalidOperationException(Invariant($"Row {row} cannot retire: it is {states[row]}."));
        }

        foreach (var row in retiring)
        {
            if (states[row] == RowState.Retired) throw new InvalidOperationException(Invariant($"Row {row} retires twice."));
            states[row] = RowState.Retired;
            leftAt[row] = depth;
        }

        Regroup();
    }

    /// <summary>Fewest layers for which an active row keeps KV.</summary>
    public int LeastKvDepth()
    {
        var least = int.MaxValue;
        foreach (var row in Active) least = Math.Min(least, rows[row].KvDepth);
        return least;
    }

    /// <summary>Ends the step: there are no rows.</summary>
    public void Clear()
    {
        Count = ActiveCount = 0;
        ClearTables();
    }

    /// <summary>Adds the blocks of a sequence, up to its last row, and returns its number.</summary>
    /// <exception cref="ArgumentOutOfRangeException">A block is outside its slab.</exception>
    /// <param name="table">Its blocks, up to its last row: for every block of tokens one for each of <see cref="Groups"/>.</param>
    /// <param name="layers">Layers for which it keeps KV.</param>
    protected abstract int AddTable(ReadOnlySpan<KvBlock> table, LayerRange layers);

    /// <summary>Removes all tables.</summary>
    protected abstract void ClearTables();

    /// <summary>Called when the rows at work have changed.</summary>
    protected abstract void Regrouped();

    private void Accept(in StepBatch batch)
    {
        for (var first = 0; first < batch.Rows.Length;)
        {
            var end = first + 1;
            while (end < batch.Rows.Length && batch.Rows[end].FirstBlock == batch.Rows[first].FirstBlock) end++;
            AcceptSequence(batch, first, end);
            first = end;
        }

        Count = batch.Rows.Length;
    }

    private void AcceptSequence(in StepBatch batch, int first, int end)
    {
        var sequence = batch.Rows[first];
        if (sequence.KvDepth < 1 || sequence.KvDepth > architecture.Layers - FirstLayer)
            throw new ArgumentOutOfRangeException(nameof(batch), sequence.KvDepth, Invariant($"Row {first}: KV depth lies in 1..{architecture.Layers - FirstLayer}."));

        var last = -1;
        for (var row = first; row < end; row++)
        {
            var (token, position, _, depth) = batch.Rows[row];
            if (token != StepRow.Unknown && (uint)token >= (uint)architecture.VocabularySize)
                throw new StepRowException(Invariant($"Row {row}: token id {token}; ids lie in 0..{architecture.VocabularySize - 1}.")) { Row = row };
            if (position <= last || position >= architecture.ContextLength)
                throw new ArgumentOutOfRangeException(nameof(batch), position, Invariant($"Row {row}: positions of a sequence rise, within 0..{architecture.ContextLength - 1}."));
            if (depth != sequence.KvDepth)
                throw new ArgumentException(Invariant($"Row {row}: rows of one sequence share their KV depth."), nameof(batch));
            last = position;
            rows[row] = batch.Rows[row];
        }

        var used = (last / tokensPerBlock + 1) * groups.Count;
        if (sequence.FirstBlock < 0 || sequence.FirstBlock > batch.Blocks.Length - used)
            throw new ArgumentOutOfRangeException(nameof(batch), sequence.FirstBlock, Invariant($"Row {first}: {used} blocks from there do not lie in a table of {batch.Blocks.Length}."));
        var blocks = batch.Blocks.Slice(sequence.FirstBlock, used);
        var layers = new LayerRange(FirstLayer, FirstLayer + sequence.KvDepth);
        RequireNeeded(blocks, sequence.Position, layers, first);
        var table = AddTable(blocks, layers);
        tables.AsSpan(first, end - first).Fill(table);
    }

    private void RequireNeeded(ReadOnlySpan<KvBlock> blocks, int position, LayerRange layers, int row)
    {
        for (var group = 0; group < groups.Count; group++)
        {
            if (groups.Shape(group, layers).Layers == 0) continue;
            for (var i = groups.FirstNeeded(group, position) / tokensPerBlock * groups.Count + group; i < blocks.Length; i += groups.Count)
            {
                if (blocks[i] == KvBlock.None)
                    throw new ArgumentException(Invariant($"Row {row}: tokens from {i / groups.Count * tokensPerBlock} on have no block in group {group}, though the row attends to them."), nameof(blocks));
            }
        }
    }

    private void Regroup()
    {
        ActiveCount = 0;
        for (var row = 0; row < Count; row++)
        {
            if (states[row] == RowState.Active) active[ActiveCount++] = row;
        }

        Regrouped();
    }
}

/// <summary>State of a row of a step.</summary>
public enum RowState : byte
{
    /// <summary>Its token is not known yet.</summary>
    Waiting,

    /// <summary>At work, at the present depth of the walk.</summary>
    Active,

    /// <summary>Resting at the depth at which the walk was extended, until the new rows reach it.</summary>
    Resting,

    /// <summary>Out of the walk.</summary>
    Retired,
}
