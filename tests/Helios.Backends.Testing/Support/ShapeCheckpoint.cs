using Helios.Sdk.Models;

namespace Helios.Backends.Testing.Support;

/// <summary>A checkpoint of any size that has shapes and no weights: reading it throws.</summary>
public sealed class ShapeCheckpoint(ModelArchitecture architecture, TensorType type) : ICheckpoint
{
    /// <summary>Llama 3 70B, from its <c>config.json</c>.</summary>
    public static ModelArchitecture Llama70B { get; } = new LlamaShape
    {
        Layers = 80,
        HiddenSize = 8192,
        Heads = 64,
        KvHeads = 8,
        HeadDim = 128,
        FeedForwardSize = 28672,
        VocabularySize = 128256,
        ContextLength = 131072,
        NormEpsilon = 1e-5f,
        RopeTheta = 500_000,
        RopeScaling = new Llama3RopeScaling(8, 1, 4, 8192),
    }.ToArchitecture();

    public CheckpointInfo Info { get; } = new()
    {
        Name = "shapes",
        Path = "/shapes",
        Architecture = architecture,
        Exits = [new ModelExit(architecture.Layers)],
        StoredType = type,
        Parameters = ParametersOf(architecture),
        Fingerprint = "shapes",
    };

    public bool TryGetTensor(TensorKey key, out StoredTensor tensor)
    {
        var specs = key.Layer < 0 ? architecture.FixedTensors() : architecture.LayerTensors(key.Layer);
        var found = specs.Where(spec => spec.Key == key).Select(spec => new StoredTensor(key.ToString(), 0, 0, type, spec.Rows, spec.Columns)).FirstOrDefault();
        tensor = found!; // null only beside false, as with every Try method
        return found is not null;
    }

    public void Read(StoredTensor tensor, long offset, Span<byte> destination) => throw new CheckpointException("There are no weights.");

    public void Dispose()
    {
    }

    private static long ParametersOf(ModelArchitecture a) =>
        a.FixedTensors().Concat(Enumerable.Range(0, a.Layers).SelectMany(a.LayerTensors)).Sum(spec => (long)spec.Rows * spec.Columns);
}
