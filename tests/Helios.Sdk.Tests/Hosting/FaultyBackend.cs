using System.Collections.Concurrent;
using Helios.Sdk.Backends;
using Helios.Sdk.ExitPolicies;
using Helios.Sdk.Models;

namespace Helios.Sdk.Tests.Hosting;

/// <summary>A backend whose loads and steps do first what a test says: throw, wait, or nothing.</summary>
internal sealed class FaultyBackend(IBackend inner) : IBackend, ILayerLoader
{
    private readonly ConcurrentDictionary<IFixedPart, string> names = new();

    /// <summary>Runs before a part is loaded: model, layer (-1 is the fixed part), and the load's cancellation.</summary>
    public Func<string, int, CancellationToken, Task> Before { get; set; } = static (_, _, _) => Task.CompletedTask;

    /// <summary>Runs on the device thread before a step, or a part of one: model, and whether it is a probe.</summary>
    public Action<string, bool> BeforeStep { get; set; } = static (_, _) => { };

    /// <summary>A precision that it cannot hold.</summary>
    public Precision? Lacks { get; init; }

    /// <summary>What does the work.</summary>
    public IBackend Inner => inner;

    public DeviceInfo Device { get; init; } = inner.Device;

    public ILayerLoader Loader => this;

    public long? FreeBytes { get; set; }

    public IKvStore CreateKvStore(long slabBytes, int tokensPerBlock) => inner.CreateKvStore(slabBytes, tokensPerBlock);

    public long MeasureWorkspace(ModelArchitecture architecture, int maxRows) => inner.MeasureWorkspace(architecture, maxRows);

    public ILayeredModel Compose(IFixedPart fixedPart, IKvStore kv, int maxRows, MemoryReservation bytes) =>
        new FaultyModel(inner.Compose(fixedPart, kv, maxRows, bytes), isProbe => BeforeStep(names[fixedPart], isProbe));

    public LoadSize Measure(ICheckpoint checkpoint, Precision precision) =>
        precision == Lacks ? throw new NotSupportedException($"It cannot hold weights as {precision}.") : inner.Loader.Measure(checkpoint, precision);

    public async ValueTask<IFixedPart> LoadFixedAsync(ICheckpoint checkpoint, Precision precision, MemoryReservation bytes, CancellationToken cancellationToken)
    {
        await PassAsync(checkpoint, -1, bytes, cancellationToken);
        var part = await inner.Loader.LoadFixedAsync(checkpoint, precision, bytes, cancellationToken);
        names[part] = checkpoint.Info.Name;
        return part;
    }

    public async ValueTask<ILayerWeights> LoadLayerAsync(ICheckpoint checkpoint, int layer, Precision precision, MemoryReservation bytes, CancellationToken cancellationToken)
    {
        await PassAsync(checkpoint, layer, bytes, cancellationToken);
        return await inner.Loader.LoadLayerAsync(checkpoint, layer, precision, bytes, cancellationToken);
    }

    public void Dispose() => inner.Dispose();

    /// <summary>A load that fails gives its bytes back.</summary>
    private async Task PassAsync(ICheckpoint checkpoint, int layer, MemoryReservation bytes, CancellationToken cancellationToken)
    {
        try
        {
            await Before(checkpoint.Info.Name, layer, cancellationToken);
        }
        catch
        {
            bytes.Dispose();
            throw;
        }
    }

    private sealed class FaultyModel(ILayeredModel inner, Action<bool> before) : ILayeredModel
    {
        public void UseLayers(IReadOnlyList<ILayerWeights> layers) => inner.UseLayers(layers);

        public void Begin(in StepBatch batch)
        {
            // A probe's rows all have the first token of the vocabulary, which no prompt is made of.
            var isProbe = true;
            foreach (var row in batch.Rows) isProbe &= row.TokenId == 0;
            before(isProbe);
            inner.Begin(batch);
        }

        public void Extend(ReadOnlySpan<RowToken> rows) => inner.Extend(rows);

        public void Run(LayerRange layers) => inner.Run(layers);

        public void ReadSignals(in ExitCheck check, Span<ExitSignal> signals) => inner.ReadSignals(check, signals);

        public void Retire(ReadOnlySpan<int> rows) => inner.Retire(rows);

        public void Sample(ReadOnlySpan<SampleRow> rows, Span<SampledToken> tokens) => inner.Sample(rows, tokens);

        public void Dispose() => inner.Dispose();
    }
}
