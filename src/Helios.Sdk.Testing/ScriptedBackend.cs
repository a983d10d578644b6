using Helios.Sdk.Backends;
using Helios.Sdk.Models;

namespace Helios.Sdk.Testing;

/// <summary>
/// A device for <see cref="ScriptedModel"/>s. It allocates and frees memory like a real device, but very little, and
/// advances a <see cref="ManualClock"/> if it has one, so that the engine's decisions do not depend on the machine.
/// </summary>
/// <remarks>Answers are greedy: sampling options that change logits apply; temperature, top-k, top-p and min-p do not.</remarks>
public sealed class ScriptedBackend : IBackend, ILayerLoader
{
    private const long PartBytes = 1024;

    private readonly Dictionary<string, ScriptedModel> models;
    private readonly ManualClock? clock;

    /// <summary>Creates a backend.</summary>
    /// <param name="models">The models; the caller disposes them after the engine.</param>
    /// <param name="clock">Advanced by <see cref="ScriptedModel.LayerTime"/> for every layer of a step, on the device thread; null advances none.</param>
    public ScriptedBackend(IEnumerable<ScriptedModel> models, ManualClock? clock = null)
    {
        ArgumentNullException.ThrowIfNull(models);
        this.models = models.ToDictionary(model => model.Path, StringComparer.Ordinal);
        this.clock = clock;
    }

    /// <inheritdoc/>
    public DeviceInfo Device { get; } = new("scripted", "answers from a script", 32 << 20);

    /// <inheritdoc/>
    public ILayerLoader Loader => this;

    /// <inheritdoc/>
    public IKvStore CreateKvStore(long slabBytes, int tokensPerBlock) => new ScriptedKvStore(slabBytes, tokensPerBlock);

    /// <inheritdoc/>
    public long MeasureWorkspace(ModelArchitecture architecture, int maxRows) => PartBytes;

    /// <inheritdoc/>
    public ILayeredModel Compose(IFixedPart fixedPart, IKvStore kv, int maxRows, MemoryReservation bytes)
    {
        ArgumentNullException.ThrowIfNull(fixedPart);
        ArgumentNullException.ThrowIfNull(bytes);
        return new ScriptedWalk(((FixedPart)fixedPart).Model, (ScriptedKvStore)kv, maxRows, bytes, clock);
    }

    /// <inheritdoc/>
    public LoadSize Measure(ICheckpoint checkpoint, Precision precision)
    {
        ArgumentNullException.ThrowIfNull(checkpoint);
        return new LoadSize(PartBytes, [.. Enumerable.Repeat(PartBytes, checkpoint.Info.Architecture.Layers)]);
    }

    /// <inheritdoc/>
    /// <exception cref="HeliosException">The checkpoint is none of this backend's models.</exception>
    public ValueTask<IFixedPart> LoadFixedAsync(ICheckpoint checkpoint, Precision precision, MemoryReservation bytes, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(checkpoint);
        ArgumentNullException.ThrowIfNull(bytes);
        if (models.TryGetValue(checkpoint.Info.Path, out var model)) return ValueTask.FromResult<IFixedPart>(new FixedPart(model, checkpoint.Info.Architecture, bytes));
        bytes.Dispose();
        throw new HeliosException($"'{checkpoint.Info.Path}' is not a scripted model of this backend; it has {string.Join(", ", models.Values.Select(known => known.Name))}.");
    }

    /// <inheritdoc/>
    public ValueTask<ILayerWeights> LoadLayerAsync(ICheckpoint checkpoint, int layer, Precision precision, MemoryReservation bytes, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(bytes);
        return ValueTask.FromResult<ILayerWeights>(new LayerWeights(layer, bytes));
    }

    /// <summary>Does nothing: loaded parts and composed models belong to the engine.</summary>
    public void Dispose()
    {
    }

    private sealed class FixedPart(ScriptedModel model, ModelArchitecture architecture, MemoryReservation bytes) : IFixedPart
    {
        public ScriptedModel Model => model;

        public ModelArchitecture Architecture => architecture;

        public long Bytes => bytes.Bytes;

        public void Dispose() => bytes.Dispose();
    }

    private sealed class LayerWeights(int layer, MemoryReservation bytes) : ILayerWeights
    {
        public int Layer => layer;

        public long Bytes => bytes.Bytes;

        public void Dispose() => bytes.Dispose();
    }
}
