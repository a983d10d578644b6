using Helios.Peers.Measuring;
using Helios.Sdk;
using Helios.Sdk.Backends;
using Helios.Sdk.Checkpoints;
using Helios.Sdk.Cpu;

namespace Helios.Peers.HeliosCpu;

/// <summary>A model on the CPU backend, all layers loaded, stepped without the engine's scheduling.</summary>
internal sealed class CpuEngine : IEngine, IDisposable
{
    private readonly MemoryBudget budget = new(long.MaxValue);
    private readonly CpuBackend backend;
    private readonly List<ILayerWeights> layers = [];
    private IFixedPart? fixedPart;

    private CpuEngine(int threads) => backend = new CpuBackend(new CpuOptions { Threads = threads });

    public string Name => backend.Device.Description;

    public long WeightBytes { get; private set; }

    /// <summary>Loads a model.</summary>
    /// <exception cref="NotSupportedException">The backend does not hold that precision.</exception>
    public static async Task<CpuEngine> LoadAsync(string folder, Precision precision, int threads)
    {
        var engine = new CpuEngine(threads);
        try
        {
            await engine.LoadAsync(folder, precision);
            return engine;
        }
        catch
        {
            engine.Dispose();
            throw;
        }
    }

    public ISession Open(Workload workload) => new CpuSession(backend, fixedPart!, layers, budget, workload);

    public Prediction[] Predict(ReadOnlySpan<int> tokens, ReadOnlySpan<int> targets)
    {
        using var session = new CpuSession(backend, fixedPart!, layers, budget, Workload.Prefill(tokens.Length));
        return session.Predict(tokens, targets);
    }

    // Its threads go to sleep by themselves within a millisecond.
    public void Rest()
    {
    }

    public void Dispose()
    {
        foreach (var layer in layers) layer.Dispose();
        fixedPart?.Dispose();
        backend.Dispose();
    }

    private async Task LoadAsync(string folder, Precision precision)
    {
        using var checkpoint = Checkpoint.Open(folder);
        var size = backend.Loader.Measure(checkpoint, precision);
        fixedPart = await backend.Loader.LoadFixedAsync(checkpoint, precision, budget.TryReserve(size.FixedBytes)!, CancellationToken.None);
        for (var layer = 0; layer < size.LayerBytes.Count; layer++)
            layers.Add(await backend.Loader.LoadLayerAsync(checkpoint, layer, precision, budget.TryReserve(size.LayerBytes[layer])!, CancellationToken.None));
        WeightBytes = size.ToDepth(layers.Count);
    }
}
