namespace Helios.Sdk.Tests.Serving.Fakes;

/// <summary><see cref="FakeMath"/> as a model that the engine walks. Checks the order of calls, and allocates nothing in a step.</summary>
internal sealed class FakeModel(FakeKvStore store, int layers, int maxRows) : ILayeredModel
{
    private readonly StepRow[] rows = new StepRow[maxRows];
    private readonly ulong[] states = new ulong[maxRows];
    private readonly bool[] retired = new bool[maxRows];
    private readonly float[] logits = new float[FakeMath.Vocabulary];
    private readonly float[] edited = new float[FakeMath.Vocabulary];
    private KvBlock[] blocks = new KvBlock[4096];
    private int count;
    private int depth;

    /// <summary>Makes a step fail that has such a row.</summary>
    public Func<StepRow, bool>? FailsOn { get; set; }

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
            if (FailsOn?.Invoke(row) == true) throw new IOException("The device was unplugged.");
            if (row.FirstBlock + row.Position / store.TokensPerBlock >= batch.Blocks.Length) throw new InvalidOperationException("A row has no block.");
            rows[count] = row;
            retired[count] = false;
            states[count++] = FakeMath.Embed(row.TokenId, row.Position);
        }

        depth = 0;
        OnStep?.Invoke(count);
    }

    public void Run(LayerRange range)
    {
        if (range.Start != depth || range.End > layers) throw new InvalidOperationException($"Layers {range} do not follow on {depth}.");
        for (; depth < range.End; depth++)
        {
            for (var i = 0; i < count; i++)
            {
                if (retired[i]) continue;
                if (depth >= rows[i].KvDepth) throw new InvalidOperationException("A row ran deeper than its KV.");
                Cell(i, rows[i].Position, depth) = FakeMath.Kv(states[i], depth);
            }

            for (var i = 0; i < count; i++)
            {
                if (!retired[i]) states[i] = FakeMath.Next(states[i], Seen(i));
            }
        }
    }

    public void ReadSignals(in ExitLook look, Span<ExitSignal> signals)
    {
        for (var i = 0; i < look.Rows.Length; i++)
        {
            if (retired[look.Rows[i]]) throw new InvalidOperationException("A look at a row that has retired.");
            signals[i] = FakeMath.Signal(states[look.Rows[i]]);
        }
    }

    public void Retire(ReadOnlySpan<int> leaving)
    {
        foreach (var row in leaving)
        {
            if (retired[row]) throw new InvalidOperationException("A row retired twice.");
            retired[row] = true;
            for (var layer = depth; layer < rows[row].KvDepth; layer++) Cell(row, rows[row].Position, layer) = FakeMath.Kv(states[row], layer);
        }
    }

    public void Sample(ReadOnlySpan<SampleRow> draws, Span<SampledToken> tokens)
    {
        for (var i = 0; i < draws.Length; i++)
        {
            if (!retired[draws[i].Row]) throw new InvalidOperationException("A row is drawn from before it retired.");
            tokens[i] = Draw(draws[i]);
        }
    }

    public void Dispose() => Disposed = true;

    private SampledToken Draw(in SampleRow draw)
    {
        var (row, temperature, _, _, uniform, _) = draw;
        FakeMath.Logits(states[row], logits);
        logits.CopyTo(edited, 0);
        draw.Edit?.Edit(rows[row].Position, edited);
        var token = draw.Edit is null ? FakeMath.Draw(states[row], temperature, uniform) : FakeMath.DrawFrom(edited, temperature, uniform);
        var likeliest = draw.Likeliest.Span;
        for (var i = 0; i < likeliest.Length; i++)
        {
            var next = Below(i == 0 ? null : likeliest[i - 1].TokenId);
            likeliest[i] = new TokenLogProbability(next, FakeMath.LogProbability(logits, next));
        }

        return new SampledToken(token, FakeMath.LogProbability(logits, token), FakeMath.Signal(states[row]));
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
