namespace Helios.Sdk.Tests.Hosting;

/// <summary>A backend whose loads do first what a test says: throw, wait, or nothing.</summary>
internal sealed class FaultyBackend(IBackend inner) : IBackend, ILayerLoader
{
    /// <summary>Runs before a part is loaded: model, layer (-1 is the fixed part), and the load's cancellation.</summary>
    public Func<string, int, CancellationToken, Task> Before { get; set; } = static (_, _, _) => Task.CompletedTask;

    public DeviceInfo Device => inner.Device;

    public ILayerLoader Loader => this;

    public IKvStore CreateKvStore(long slabBytes, int tokensPerBlock) => inner.CreateKvStore(slabBytes, tokensPerBlock);

    public long MeasureWorkspace(ModelArchitecture architecture, int maxRows) => inner.MeasureWorkspace(architecture, maxRows);

    public ILayeredModel Compose(IFixedPart fixedPart, IKvStore kv, int maxRows, MemoryReservation bytes) => inner.Compose(fixedPart, kv, maxRows, bytes);

    public LoadSize Measure(ICheckpoint checkpoint, Precision precision) => inner.Loader.Measure(checkpoint, precision);

    public async ValueTask<IFixedPart> LoadFixedAsync(ICheckpoint checkpoint, Precision precision, MemoryReservation bytes, CancellationToken cancellationToken)
    {
        await PassAsync(checkpoint, -1, bytes, cancellationToken);
        return await inner.Loader.LoadFixedAsync(checkpoint, precision, bytes, cancellationToken);
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
}
