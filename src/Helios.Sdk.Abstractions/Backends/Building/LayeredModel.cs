using Helios.Sdk.ExitPolicies;
using Helios.Sdk.Models;

namespace Helios.Sdk.Backends;

/// <summary>
/// Base of a backend's models: it checks the order of calls, rows and ranges for every backend, and the backend computes in
/// the members that it overrides. A backend does not have to derive from it; the engine takes any <see cref="ILayeredModel"/>.
/// Like <see cref="ILayeredModel"/>, for one thread at a time; <see cref="UseLayers"/> may be called from another.
/// </summary>
/// <typeparam name="TLayer">The backend's layers.</typeparam>
/// <param name="architecture">Shape of the model.</param>
/// <param name="step">Rows of a step; the model's own.</param>
public abstract class LayeredModel<TLayer>(ModelArchitecture architecture, StepRows step) : ILayeredModel
    where TLayer : class, ILayerWeights
{
    private volatile TLayer[] next = [];
    private int depth;

    // Where rows rest while others catch up; 0 when none do.
    private int restDepth;
    private bool disposed;

    /// <summary>Layers of the step.</summary>
    protected TLayer[] Layers { get; private set; } = [];

    /// <summary>The present depth of the walk.</summary>
    protected int Depth => depth;

    // Layer of KV slot 0.
    private int FirstLayer => Layers[0].Layer;

    /// <inheritdoc/>
    public void UseLayers(IReadOnlyList<ILayerWeights> layers)
    {
        ArgumentNullException.ThrowIfNull(layers);
        var taken = new TLayer[layers.Count];
        for (var i = 0; i < taken.Length; i++)
        {
            if (layers[i] is not TLayer layer)
                throw new ArgumentException(Invariant($"Layer {i} was not loaded by this backend."), nameof(layers));
            if (ArchitectureOf(layer) != architecture)
                throw new ArgumentException(Invariant($"Layer {layer.Layer} belongs to a model of another shape."), nameof(layers));
            if (layer.Layer != layers[0].Layer + i)
                throw new ArgumentException(Invariant($"Layers are consecutive: {layer.Layer} stands where {layers[0].Layer + i} belongs."), nameof(layers));
            taken[i] = layer;
        }

        Accept(taken);
        next = taken;
    }

    /// <inheritdoc/>
    public void Begin(in StepBatch batch)
    {
        ObjectDisposedException.ThrowIf(disposed, this);
        try
        {
            Start(batch);
        }
        catch
        {
            step.Clear();
            throw;
        }
    }

    /// <inheritdoc/>
    public void Extend(ReadOnlySpan<RowToken> rows)
    {
        RequireStep();
        if (restDepth > 0) throw new InvalidOperationException(Invariant($"The step cannot be extended: rows still rest at {restDepth}."));
        if (FirstLayer > 0) throw new InvalidOperationException(Invariant($"The step cannot be extended: layer 0 is not in use, the layers in use start at {FirstLayer}."));
        BeforeRegroup();
        step.Extend(rows);
        (restDepth, depth) = (depth, 0);
        Embed();
        if (restDepth == 0) Join();
    }

    /// <inheritdoc/>
    public void Run(LayerRange layers)
    {
        RequireStep();
        if (restDepth > 0 && layers.End > restDepth)
            throw new InvalidOperationException(Invariant($"Layers {layers} cannot run at once: rows rest at {restDepth}."));
        if (layers.Start != depth || layers.End < layers.Start || layers.End > FirstLayer + Layers.Length)
            throw new InvalidOperationException(Invariant($"Layers {layers} cannot run: the walk stands at {depth}, layers [{FirstLayer}, {FirstLayer + Layers.Length}) are in use."));
        if (step.ActiveCount > 0 && layers.End - FirstLayer > step.LeastKvDepth())
            throw new InvalidOperationException(Invariant($"Layers {layers} cannot run: a row keeps KV for {step.LeastKvDepth()} layers from {FirstLayer} on, and must retire there."));

        for (; depth < layers.End; depth++)
        {
            if (step.ActiveCount > 0) RunLayer(Layers[depth - FirstLayer], depth - FirstLayer);
        }

        if (restDepth > 0 && depth == restDepth) Join();
    }

    /// <inheritdoc/>
    public void ReadSignals(in ExitCheck check, Span<ExitSignal> signals)
    {
        RequireStep();
        if (signals.Length < check.Rows.Length)
            throw new ArgumentException($"{signals.Length} signals for {check.Rows.Length} rows.", nameof(signals));
        if (!check.Targets.IsEmpty && check.Targets.Length != check.Rows.Length)
            throw new ArgumentException($"{check.Targets.Length} targets for {check.Rows.Length} rows.", nameof(check));
        RequireHead();
        foreach (var row in check.Rows)
        {
            RequireRow(row);
            if (step.StateOf(row) != RowState.Active) throw new InvalidOperationException(Invariant($"Row {row} cannot be read: it is {step.StateOf(row)}."));
        }

        foreach (var target in check.Targets)
        {
            if (target != ExitCheck.NoTarget && (uint)target >= (uint)architecture.VocabularySize)
                throw new ArgumentOutOfRangeException(nameof(check), target, Invariant($"Targets lie in 0..{architecture.VocabularySize - 1}, or are ExitCheck.NoTarget."));
        }

        Read(check, signals);
    }

    /// <inheritdoc/>
    public void Retire(ReadOnlySpan<int> rows)
    {
        RequireStep();
        RequireHead();
        if (rows.IsEmpty) return;
        BeforeRegroup();
        step.Retire(rows, depth);
        AfterRegroup();
        FillKv(depth - FirstLayer, rows);
    }

    /// <inheritdoc/>
    public void Sample(ReadOnlySpan<SampleRow> rows, Span<SampledToken> tokens)
    {
        RequireStep();
        if (tokens.Length < rows.Length) throw new ArgumentException($"{tokens.Length} tokens for {rows.Length} rows.", nameof(tokens));
        foreach (var draw in rows)
        {
            RequireRow(draw.Row);
            var state = step.StateOf(draw.Row);
            if (state == RowState.Active) RequireHead();
            else if (state != RowState.Retired) throw new InvalidOperationException(Invariant($"Row {draw.Row} cannot be drawn from: it is {state}."));
            if (!(draw.Uniform >= 0 && draw.Uniform < 1)) throw new ArgumentOutOfRangeException(nameof(rows), draw.Uniform, "A draw lies in [0, 1).");
            if (!(draw.MinP >= 0 && draw.MinP <= 1)) throw new ArgumentOutOfRangeException(nameof(rows), draw.MinP, "The least share of the likeliest token's probability lies in [0, 1].");
        }

        Draw(rows, tokens);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        if (disposed) return;
        disposed = true;
        step.Clear();
        Free();
        GC.SuppressFinalize(this);
    }

    /// <summary>Shape of the model that a layer belongs to.</summary>
    /// <param name="layer">A layer in use.</param>
    protected abstract ModelArchitecture ArchitectureOf(TLayer layer);

    /// <summary>Refuses layers that cannot run together, beyond what every backend refuses.</summary>
    /// <param name="layers">Layers, consecutive.</param>
    protected virtual void Accept(ReadOnlySpan<TLayer> layers)
    {
    }

    /// <summary>Starts the states of the rows at work from their tokens.</summary>
    protected abstract void Embed();

    /// <summary>The rows at work keep their states, but positions and block tables have changed.</summary>
    protected abstract void Resume();

    /// <summary>Runs a layer, with its KV in a slot, over the rows at work.</summary>
    /// <param name="layer">A layer in use.</param>
    /// <param name="slot">KV slot of the layer, from 0.</param>
    protected abstract void RunLayer(TLayer layer, int slot);

    /// <summary>Called before other rows are at work; the present rows keep their states.</summary>
    protected virtual void BeforeRegroup()
    {
    }

    /// <summary>Called when other rows are at work, with their previous states.</summary>
    protected virtual void AfterRegroup()
    {
    }

    /// <summary>Writes keys and values of retired rows, from their states, for the layers in use from a slot on, up to the row's KV depth.</summary>
    /// <param name="firstSlot">First KV slot to write.</param>
    /// <param name="rows">Rows of the step.</param>
    protected abstract void FillKv(int firstSlot, ReadOnlySpan<int> rows);

    /// <summary>Signals of rows at work, at the present depth.</summary>
    /// <param name="check">Rows, signals and targets.</param>
    /// <param name="signals">One per row of the check.</param>
    protected abstract void Read(in ExitCheck check, Span<ExitSignal> signals);

    /// <summary>Samples tokens for rows at work, at the present depth, and for retired rows.</summary>
    /// <param name="draws">Rows and their sampling.</param>
    /// <param name="tokens">One per draw.</param>
    protected abstract void Draw(ReadOnlySpan<SampleRow> draws, Span<SampledToken> tokens);

    /// <summary>Returns all memory; called once.</summary>
    protected abstract void Free();

    private void Start(in StepBatch batch)
    {
        var taken = next;
        if (taken.Length == 0) throw new InvalidOperationException("No layers in use: call UseLayers before Begin.");
        var from = batch.Resume ? depth : 0;
        if (taken[0].Layer != from)
            throw new InvalidOperationException(Invariant($"The layers in use start at {taken[0].Layer}, the walk {(batch.Resume ? "goes on" : "starts")} at {from}."));

        restDepth = 0;
        if (batch.Resume)
        {
            step.Resume(batch, from);
            Layers = taken;
            Resume();
        }
        else
        {
            step.Begin(batch);
            Layers = taken;
            depth = 0;
            Embed();
        }
    }

    // Rows that rest go on with those that have come as far.
    private void Join()
    {
        restDepth = 0;
        BeforeRegroup();
        step.Join();
        AfterRegroup();
    }

    private void RequireStep()
    {
        ObjectDisposedException.ThrowIf(disposed, this);
        if (step.Count == 0) throw new InvalidOperationException("No step is under way: call Begin with at least one row.");
    }

    // Just resumed, the layer before is not in use, and with it the norm and head it may own.
    private void RequireHead()
    {
        if (depth > 0 && depth == FirstLayer)
            throw new InvalidOperationException(Invariant($"The step was resumed at depth {depth}: read signals or retire rows before resuming, or after the next layer."));
    }

    private void RequireRow(int row)
    {
        if ((uint)row >= (uint)step.Count) throw new ArgumentOutOfRangeException(nameof(row), row, $"The step has {step.Count} rows.");
    }
}
