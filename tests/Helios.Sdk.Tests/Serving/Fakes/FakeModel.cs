namespace Helios.Sdk.Tests.Serving.Fakes;

/// <summary><see cref="FakeMath"/> as a model that the engine walks. Checks the order of calls, and allocates nothing in a step.</summary>
internal sealed class FakeModel(FakeKvStore store, int layers, int maxRows) : ILayeredModel
{
    private readonly StepRow[] rows = new StepRow[maxRows];
    private readonly ulong[] states = new ulong[maxRows];
    private readonly RowIs[] rowIs = new RowIs[maxRows];
    private readonly int[] leftAt = new int[maxRows];
    private readonly float[] logits = new float[FakeMath.Vocabulary];
    private readonly float[] edited = new float[FakeMath.Vocabulary];
    private KvBlock[] blocks = new KvBlock[4096];
    private int count;
    private int depth;
    private int restDepth;

    private enum RowIs
    {
        Waiting,
        AtWork,
        Resting,
        Retired,
    }

    /// <summary>Share of rows, in percent, whose token is the same at every depth: what drafts are accepted by.</summary>
    public int Easy { get; set; }

    /// <summary>Tokens given to rows that waited.</summary>
    public int Drafted { get; private set; }

    /// <summary>Makes a step fail that has such a row.</summary>
    public Func<StepRow, bool>? FailsOn { get; set; }

    /// <summary>Makes a step be refused for such a row.</summary>
    public Func<StepRow, bool>? RefusesOn { get; set; }

    /// <summary>At which depths, by row, logits are no numbers.</summary>
    public Func<StepRow, int, bool>? NotFinite { get; set; }

    /// <summary>Called in every step with its number of rows: for a clock that goes on with it.</summary>
    public Action<int>? OnStep { get; set; }

    public int Steps { get; private set; }

    /// <summary>Rows of the last step.</summary>
    public ReadOnlySpan<StepRow> Rows => rows.AsSpan(0, count);

    /// <summary>Every distinct KV depth of the last step.</summary>
    public IEnumerable<int> Depths => rows.Take(count).Select(row => row.KvDepth).Distinct();

    public bool Disposed { get; private set; }

    public void UseLayers(IReadOnlyList<ILayerWeights> layers)
    {
    }

    public void Begin(in StepBatch batch)
    {
        ObjectDisposedException.ThrowIf(Disposed, this);
        Steps++;
        count = 0;
        if (batch.Rows.Length > maxRows) throw new InvalidOperationException($"{batch.Rows.Length} rows; {maxRows} at most.");
        if (batch.Blocks.Length > blocks.Length) Array.Resize(ref blocks, batch.Blocks.Length * 2);
        batch.Blocks.CopyTo(blocks);
        foreach (ref readonly var row in batch.Rows)
        {
            if (RefusesOn?.Invoke(row) == true) throw new StepRowException("A row is of no use.") { Row = count };
            if (FailsOn?.Invoke(row) == true) throw new IOException("The device was unplugged.");
            if (row.FirstBlock + row.Position / store.TokensPerBlock >= batch.Blocks.Length) throw new InvalidOperationException("A row has no block.");
            rows[count] = row;
            rowIs[count] = row.TokenId == StepRow.Unknown ? RowIs.Waiting : RowIs.AtWork;
            leftAt[count] = 0;
            states[count++] = FakeMath.Embed(row.TokenId, row.Position);
        }

        depth = restDepth = 0;
        OnStep?.Invoke(count);
    }

    public void Extend(ReadOnlySpan<RowToken> tokens)
    {
        if (restDepth > 0) throw new InvalidOperationException("Extended while rows rest.");
        for (var i = 0; i < count; i++)
        {
            if (rowIs[i] == RowIs.AtWork) rowIs[i] = RowIs.Resting;
        }

        foreach (var (row, token) in tokens)
        {
            if (rowIs[row] != RowIs.Waiting) throw new InvalidOperationException("A row got a token that did not wait for one.");
            rows[row] = rows[row] with { TokenId = token };
            states[row] = FakeMath.Embed(token, rows[row].Position);
            rowIs[row] = RowIs.AtWork;
            Drafted++;
        }

        (restDepth, depth) = (depth, 0);
    }

    public void Run(LayerRange range)
    {
        if (range.Start != depth || range.End > layers || (restDepth > 0 && range.End > restDepth)) throw new InvalidOperationException($"Layers {range} do not follow on {depth}.");
        for (; depth < range.End; depth++)
        {
            for (var i = 0; i < count; i++)
            {
                if (rowIs[i] != RowIs.AtWork) continue;
                if (depth >= rows[i].KvDepth) throw new InvalidOperationException("A row ran deeper than its KV.");
                Cell(i, rows[i].Position, depth) = FakeMath.Kv(states[i], depth);
            }

            for (var i = 0; i < count; i++)
            {
                if (rowIs[i] == RowIs.AtWork) states[i] = FakeMath.Next(states[i], Seen(i));
            }
        }

        if (restDepth == 0 || depth < restDepth) return;
        restDepth = 0;
        for (var i = 0; i < count; i++)
        {
            if (rowIs[i] == RowIs.Resting) rowIs[i] = RowIs.AtWork;
        }
    }

    public void ReadSignals(in ExitLook look, Span<ExitSignal> signals)
    {
        for (var i = 0; i < look.Rows.Length; i++)
        {
            if (rowIs[look.Rows[i]] != RowIs.AtWork) throw new InvalidOperationException("A look at a row that is not at work.");
            signals[i] = SignalOf(look.Rows[i], depth);
        }
    }

    public void Retire(ReadOnlySpan<int> leaving)
    {
        foreach (var row in leaving)
        {
            if (rowIs[row] != RowIs.AtWork) throw new InvalidOperationException("A row retired that was not at work.");
            rowIs[row] = RowIs.Retired;
            leftAt[row] = depth;
            for (var layer = depth; layer < rows[row].KvDepth; layer++) Cell(row, rows[row].Position, layer) = FakeMath.Kv(states[row], layer);
        }
    }

    public void Sample(ReadOnlySpan<SampleRow> draws, Span<SampledToken> tokens)
    {
        for (var i = 0; i < draws.Length; i++)
        {
            if (rowIs[draws[i].Row] is RowIs.Waiting or RowIs.Resting) throw new InvalidOperationException("A row is drawn from that is not at the present depth.");
            tokens[i] = Draw(draws[i]);
        }
    }

    public void Dispose() => Disposed = true;

    private SampledToken Draw(in SampleRow draw)
    {
        var (row, temperature, _, _, uniform, _) = draw;
        var voice = Voice(row);
        FakeMath.Logits(voice, logits);
        logits.CopyTo(edited, 0);
        draw.Edit?.Edit(rows[row].Position, edited);
        var token = draw.Edit is null ? FakeMath.Draw(voice, temperature, uniform) : FakeMath.DrawFrom(edited, temperature, uniform);
        var likeliest = draw.Likeliest.Span;
        for (var i = 0; i < likeliest.Length; i++)
        {
            var next = Below(i == 0 ? null : likeliest[i - 1].TokenId);
            likeliest[i] = new TokenLogProbability(next, FakeMath.LogProbability(logits, next));
        }

        return new SampledToken(token, FakeMath.LogProbability(logits, token), SignalOf(row, leftAt[row] > 0 ? leftAt[row] : depth));
    }

    /// <summary>The likeliest token but for one and those above it.</summary>
    private int Below(int? bound)
    {
        var best = -1;
        for (var id = 0; id < logits.Length; id++)
        {
            var below = bound is not { } b || logits[id] < logits[b] || (logits[id] == logits[b] && id > b);
            if (below && (best < 0 || logits[id] > logits[best])) best = id;
        }

        return best;
    }

    private ExitSignal SignalOf(int row, int at)
    {
        var signal = FakeMath.Signal(Voice(row));
        return NotFinite?.Invoke(rows[row], at) == true ? signal with { Top1 = float.NaN, Margin = float.NaN, Entropy = float.NaN } : signal;
    }

    private ulong Voice(int row) => FakeMath.Voice(states[row], rows[row].TokenId, rows[row].Position, Easy);

    private ulong Seen(int row)
    {
        var seen = 0UL;
        for (var i = 0; i <= rows[row].Position; i++) seen = unchecked(seen + FakeMath.Seen(Cell(row, i, depth), i));
        return seen;
    }

    private ref ulong Cell(int row, int position, int layer)
    {
        var block = blocks[rows[row].FirstBlock + position / store.TokensPerBlock];
        return ref store.Cell(block, rows[row].KvDepth, position % store.TokensPerBlock, layer);
    }
}
