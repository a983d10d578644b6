using Helios.Sdk.Cpu.Kernels;
using Helios.Sdk.Cpu.Loading;
using Helios.Sdk.Cpu.Memory;
using Helios.Sdk.Cpu.Threading;

namespace Helios.Sdk.Cpu.Model;

/// <summary>A model on the CPU: checks the order of calls and hands the work on.</summary>
internal sealed class CpuLayeredModel : ILayeredModel
{
    private readonly ModelArchitecture architecture;
    private readonly MemoryReservation reservation;
    private readonly Workspace space;
    private readonly StepRows rows;
    private readonly LayerWalk walk;
    private readonly HeadReader heads;
    private volatile CpuLayerWeights[] next = [];
    private CpuLayerWeights[] layers = [];
    private int depth;

    // Where rows rest while others catch up; 0 when none do.
    private int restDepth;
    private bool disposed;

    public CpuLayeredModel(CpuFixedPart fixedPart, CpuKernels kernels, WorkerPool pool, CpuKvStore kv, Workspace space, int maxRows, MemoryReservation reservation)
    {
        architecture = fixedPart.Architecture;
        this.reservation = reservation;
        this.space = space;
        rows = new StepRows(architecture, kv, maxRows);
        walk = new LayerWalk(fixedPart, kernels, pool, space, rows);
        heads = new HeadReader(fixedPart, kernels, pool, space, rows);
    }

    // Layer of KV slot 0.
    private int FirstLayer => layers[0].Layer;

    public void UseLayers(IReadOnlyList<ILayerWeights> layers)
    {
        ArgumentNullException.ThrowIfNull(layers);
        var taken = new CpuLayerWeights[layers.Count];
        for (var i = 0; i < taken.Length; i++)
        {
            if (layers[i] is not CpuLayerWeights layer)
                throw new ArgumentException($"Layer {i} was not loaded by this backend.", nameof(layers));
            if (layer.Architecture != architecture)
                throw new ArgumentException($"Layer {layer.Layer} belongs to a model of another shape.", nameof(layers));
            if (layer.Layer != layers[0].Layer + i)
                throw new ArgumentException($"Layers are consecutive: {layer.Layer} stands where {layers[0].Layer + i} belongs.", nameof(layers));
            taken[i] = layer;
        }

        next = taken;
    }

    public void Begin(in StepBatch batch)
    {
        ObjectDisposedException.ThrowIf(disposed, this);
        try
        {
            Start(batch);
        }
        catch
        {
            rows.Clear();
            throw;
        }
    }

    public void Extend(ReadOnlySpan<RowToken> rows)
    {
        RequireStep();
        if (restDepth > 0) throw new InvalidOperationException($"The step cannot be extended: rows still rest at {restDepth}.");
        if (FirstLayer > 0) throw new InvalidOperationException($"The step cannot be extended: layer 0 is not in use, the layers in use start at {FirstLayer}.");
        this.rows.Extend(rows);
        (restDepth, depth) = (depth, 0);
        walk.Embed();
    }

    public void Run(LayerRange layers)
    {
        RequireStep();
        if (restDepth > 0 && layers.End > restDepth)
            throw new InvalidOperationException($"Layers {layers} cannot run at once: rows rest at {restDepth}.");
        if (layers.Start != depth || layers.End < layers.Start || layers.End > FirstLayer + this.layers.Length)
            throw new InvalidOperationException($"Layers {layers} cannot run: the walk stands at {depth}, layers [{FirstLayer}, {FirstLayer + this.layers.Length}) are in use.");
        if (rows.ActiveCount > 0 && layers.End - FirstLayer > rows.LeastKvDepth())
            throw new InvalidOperationException($"Layers {layers} cannot run: a row keeps KV for {rows.LeastKvDepth()} layers from {FirstLayer} on, and must retire there.");

        for (; depth < layers.End; depth++)
        {
            if (rows.ActiveCount > 0) walk.Layer(this.layers[depth - FirstLayer], depth - FirstLayer);
        }

        if (restDepth == 0 || depth < restDepth) return;
        restDepth = 0;
        rows.Join();
    }

    public void ReadSignals(in ExitLook look, Span<ExitSignal> signals)
    {
        RequireStep();
        if (signals.Length < look.Rows.Length)
            throw new ArgumentException($"{signals.Length} signals for {look.Rows.Length} rows.", nameof(signals));
        if (!look.Targets.IsEmpty && look.Targets.Length != look.Rows.Length)
            throw new ArgumentException($"{look.Targets.Length} targets for {look.Rows.Length} rows.", nameof(look));
        RequireHead();
        foreach (var row in look.Rows)
        {
            RequireRow(row);
            if (rows.StateOf(row) != RowState.Active) throw new InvalidOperationException($"Row {row} cannot be looked at: it is {rows.StateOf(row)}.");
        }

        foreach (var target in look.Targets)
        {
            if (target < -1 || target >= architecture.VocabularySize)
                throw new ArgumentOutOfRangeException(nameof(look), target, $"Targets lie in -1..{architecture.VocabularySize - 1}.");
        }

        heads.Read(layers, depth, look, signals);
    }

    public void Retire(ReadOnlySpan<int> rows)
    {
        RequireStep();
        RequireHead();
        this.rows.Retire(rows, depth);
        for (var slot = depth - FirstLayer; slot < layers.Length; slot++) walk.FillKv(layers[slot], slot, rows);
    }

    public void Sample(ReadOnlySpan<SampleRow> rows, Span<SampledToken> tokens)
    {
        RequireStep();
        if (tokens.Length < rows.Length) throw new ArgumentException($"{tokens.Length} tokens for {rows.Length} rows.", nameof(tokens));
        foreach (var draw in rows)
        {
            RequireRow(draw.Row);
            var state = this.rows.StateOf(draw.Row);
            if (state == RowState.Active) RequireHead();
            else if (state != RowState.Retired) throw new InvalidOperationException($"Row {draw.Row} cannot be drawn from: it is {state}.");
            if (!(draw.Uniform >= 0 && draw.Uniform < 1)) throw new ArgumentOutOfRangeException(nameof(rows), draw.Uniform, "A draw lies in [0, 1).");
            if (!(draw.MinP >= 0 && draw.MinP <= 1)) throw new ArgumentOutOfRangeException(nameof(rows), draw.MinP, "The least share of the likeliest token's probability lies in [0, 1].");
        }

        heads.Sample(layers, depth, rows, tokens);
    }

    public void Dispose()
    {
        if (disposed) return;
        disposed = true;
        rows.Clear();
        space.Dispose();
        reservation.Dispose();
    }

    private void Start(in StepBatch batch)
    {
        var taken = next;
        if (taken.Length == 0) throw new InvalidOperationException("No layers in use: call UseLayers before Begin.");
        var from = batch.Resume ? depth : 0;
        if (taken[0].Layer != from)
            throw new InvalidOperationException($"The layers in use start at {taken[0].Layer}, the walk {(batch.Resume ? "goes on" : "starts")} at {from}.");

        restDepth = 0;
        if (batch.Resume)
        {
            rows.Resume(batch);
            layers = taken;
            walk.Resume();
        }
        else
        {
            rows.Begin(batch);
            layers = taken;
            depth = 0;
            walk.Embed();
        }
    }

    private void RequireStep()
    {
        ObjectDisposedException.ThrowIf(disposed, this);
        if (rows.Count == 0) throw new InvalidOperationException("No step is under way: call Begin with at least one row.");
    }

    // Just resumed, the layer before is not in use, and with it the norm and head it may own.
    private void RequireHead()
    {
        if (depth > 0 && depth == FirstLayer)
            throw new InvalidOperationException($"The step was resumed at depth {depth}: look or retire before resuming, or after the next layer.");
    }

    private void RequireRow(int row)
    {
        if ((uint)row >= (uint)rows.Count) throw new ArgumentOutOfRangeException(nameof(row), row, $"The step has {rows.Count} rows.");
    }
}
