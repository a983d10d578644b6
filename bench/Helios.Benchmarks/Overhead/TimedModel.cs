using System.Diagnostics;
using Helios.Sdk.Backends;
using Helios.Sdk.ExitPolicies;
using Helios.Sdk.Models;

namespace Helios.Benchmarks.Overhead;

/// <summary>A model that counts what passes through it to another, and the time spent inside that one.</summary>
internal sealed class TimedModel(ILayeredModel model) : ILayeredModel
{
    /// <summary>Ticks inside, of <see cref="Stopwatch"/>, since the beginning.</summary>
    public long Ticks { get; private set; }

    /// <summary>Rows that began, since the beginning.</summary>
    public long Rows { get; private set; }

    /// <summary>Tokens sampled, since the beginning.</summary>
    public long Sampled { get; private set; }

    public void UseLayers(IReadOnlyList<ILayerWeights> layers) => model.UseLayers(layers);

    public void Begin(in StepBatch batch)
    {
        var started = Stopwatch.GetTimestamp();
        model.Begin(batch);
        Rows += batch.Rows.Length;
        Ticks += Stopwatch.GetTimestamp() - started;
    }

    public void Extend(ReadOnlySpan<RowToken> rows)
    {
        var started = Stopwatch.GetTimestamp();
        model.Extend(rows);
        Ticks += Stopwatch.GetTimestamp() - started;
    }

    public void Run(LayerRange layers)
    {
        var started = Stopwatch.GetTimestamp();
        model.Run(layers);
        Ticks += Stopwatch.GetTimestamp() - started;
    }

    public void ReadSignals(in ExitCheck check, Span<ExitSignal> signals)
    {
        var started = Stopwatch.GetTimestamp();
        model.ReadSignals(check, signals);
        Ticks += Stopwatch.GetTimestamp() - started;
    }

    public void Retire(ReadOnlySpan<int> rows)
    {
        var started = Stopwatch.GetTimestamp();
        model.Retire(rows);
        Ticks += Stopwatch.GetTimestamp() - started;
    }

    public void Sample(ReadOnlySpan<SampleRow> rows, Span<SampledToken> tokens)
    {
        var started = Stopwatch.GetTimestamp();
        model.Sample(rows, tokens);
        Sampled += rows.Length;
        Ticks += Stopwatch.GetTimestamp() - started;
    }

    public void Dispose() => model.Dispose();
}

/// <summary>A model that computes nothing and always says the same token: what is left of a step is the engine.</summary>
internal sealed class NullModel : ILayeredModel
{
    public void UseLayers(IReadOnlyList<ILayerWeights> layers)
    {
    }

    public void Begin(in StepBatch batch)
    {
    }

    public void Extend(ReadOnlySpan<RowToken> rows)
    {
    }

    public void Run(LayerRange layers)
    {
    }

    public void ReadSignals(in ExitCheck check, Span<ExitSignal> signals) => signals.Clear();

    public void Retire(ReadOnlySpan<int> rows)
    {
    }

    public void Sample(ReadOnlySpan<SampleRow> rows, Span<SampledToken> tokens) => tokens[..rows.Length].Fill(new SampledToken(7, 0, default));

    public void Dispose()
    {
    }
}
