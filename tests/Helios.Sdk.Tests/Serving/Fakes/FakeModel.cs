using Helios.Sdk.Backends;
using Helios.Sdk.ExitPolicies;
using Helios.Sdk.Models;

namespace Helios.Sdk.Tests.Serving.Fakes;

/// <summary><see cref="FakeMath"/> as a model that the engine walks, on the base that every backend has. Allocates nothing in a step.</summary>
internal sealed class FakeModel : LayeredModel<FakeLayer>
{
    private readonly FakeRows rows;
    private readonly FakeKvStore store;
    private readonly ModelArchitecture architecture;
    private readonly ulong[] states;
    private readonly float[] logits = new float[FakeMath.Vocabulary];
    private readonly float[] edited = new float[FakeMath.Vocabulary];

    public FakeModel(FakeKvStore store, int layers, int maxRows)
        : this(store, Adaptation.Sample.Model("fake", layers).Architecture with { Embedding = new EmbeddingLayout(FakeMath.Vocabulary, 8), ContextLength = 1 << 20 }, maxRows)
    {
    }

    public FakeModel(FakeKvStore store, ModelArchitecture architecture, int maxRows)
        : this(store, architecture, new FakeRows(architecture, maxRows, store.TokensPerBlock))
    {
    }

    private FakeModel(FakeKvStore store, ModelArchitecture architecture, FakeRows rows)
        : base(architecture, rows)
    {
        (this.store, this.architecture, this.rows) = (store, architecture, rows);
        states = new ulong[rows.Capacity];
        UseLayers([.. Enumerable.Range(0, architecture.Layers).Select(layer => new FakeLayer(layer))]);
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
    public IReadOnlyList<StepRow> Rows => [.. Enumerable.Range(0, rows.Count).Select(row => rows[row])];

    /// <summary>Every distinct KV depth of the last step.</summary>
    public IEnumerable<int> Depths => Rows.Select(row => row.KvDepth).Distinct();

    public bool Disposed { get; private set; }

    protected override ModelArchitecture ArchitectureOf(FakeLayer layer) => architecture;

    protected override void Embed()
    {
        if (rows.TakeNew())
        {
            Steps++;
            for (var row = 0; row < rows.Count; row++)
            {
                if (RefusesOn?.Invoke(rows[row]) == true) throw new StepRowException("A row is of no use.") { Row = row };
                if (FailsOn?.Invoke(rows[row]) == true) throw new IOException("The device was unplugged.");
            }

            OnStep?.Invoke(rows.Count);
        }
        else
        {
            Drafted += rows.ActiveCount;
        }

        foreach (var row in rows.Active) states[row] = FakeMath.Embed(rows[row].TokenId, rows[row].Position);
    }

    protected override void Resume()
    {
    }

    protected override void RunLayer(FakeLayer layer, int slot)
    {
        foreach (var row in rows.Active) Cell(row, rows[row].Position, slot) = FakeMath.Kv(states[row], slot);
        foreach (var row in rows.Active) states[row] = FakeMath.Next(states[row], Seen(row, slot));
    }

    protected override void FillKv(int firstSlot, ReadOnlySpan<int> rows)
    {
        foreach (var row in rows)
        {
            for (var layer = firstSlot; layer < this.rows[row].KvDepth; layer++) Cell(row, this.rows[row].Position, layer) = FakeMath.Kv(states[row], layer);
        }
    }

    protected override void Read(in ExitCheck check, Span<ExitSignal> signals)
    {
        for (var i = 0; i < check.Rows.Length; i++) signals[i] = SignalOf(check.Rows[i]);
    }

    protected override void Draw(ReadOnlySpan<SampleRow> draws, Span<SampledToken> tokens)
    {
        for (var i = 0; i < draws.Length; i++) tokens[i] = Draw(draws[i]);
    }

    protected override void Free() => Disposed = true;

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

        return new SampledToken(token, FakeMath.LogProbability(logits, token), SignalOf(row));
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

    private ExitSignal SignalOf(int row)
    {
        var at = rows.DepthOf(row, Depth);
        var signal = FakeMath.Signal(Voice(row));
        return NotFinite?.Invoke(rows[row], at) == true ? signal with { Top1 = float.NaN, Margin = float.NaN, Entropy = float.NaN } : signal;
    }

    private ulong Voice(int row) => FakeMath.Voice(states[row], rows[row].TokenId, rows[row].Position, Easy);

    private ulong Seen(int row, int layer)
    {
        var seen = 0UL;
        for (var i = rows.Groups.FirstNeeded(rows.Groups.GroupOf(layer), rows[row].Position); i <= rows[row].Position; i++) seen = unchecked(seen + FakeMath.Seen(Cell(row, i, layer), i));
        return seen;
    }

    private ref ulong Cell(int row, int position, int layer)
    {
        var group = rows.Groups.GroupOf(layer);
        var block = rows.BlockOf(row, position / store.TokensPerBlock, group);
        var layers = rows.Groups.Shape(group, LayerRange.To(rows[row].KvDepth)).Layers;
        return ref store.Cell(block, layers, position % store.TokensPerBlock, rows.Groups.SlotOf(layer, firstLayer: 0));
    }
}

/// <summary>A layer without weights.</summary>
internal sealed class FakeLayer(int layer) : ILayerWeights
{
    public int Layer => layer;

    public long Bytes => 0;

    public void Dispose()
    {
    }
}

/// <summary>Rows of a step with the blocks of their sequences.</summary>
internal sealed class FakeRows(ModelArchitecture architecture, int maxRows, int tokensPerBlock) : StepRows(architecture, maxRows, tokensPerBlock)
{
    private KvBlock[] blocks = new KvBlock[4096];
    private int used;
    private bool isNew;

    /// <summary>Whether the step has just begun, rather than been extended; once.</summary>
    public bool TakeNew()
    {
        var was = isNew;
        isNew = false;
        return was;
    }

    public KvBlock BlockOf(int row, int block, int group) => blocks[TableOf(row) + block * Groups.Count + group];

    protected override int AddTable(ReadOnlySpan<KvBlock> table, LayerRange layers)
    {
        if (blocks.Length < used + table.Length) Array.Resize(ref blocks, 2 * (used + table.Length));
        table.CopyTo(blocks.AsSpan(used));
        used += table.Length;
        return used - table.Length;
    }

    protected override void ClearTables() => (used, isNew) = (0, true);

    protected override void Regrouped()
    {
    }
}
