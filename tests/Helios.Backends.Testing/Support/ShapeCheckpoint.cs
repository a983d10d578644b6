using Helios.Sdk.Models;

namespace Helios.Backends.Testing.Support;

/// <summary>A checkpoint of any size that has shapes and no weights: reading it throws.</summary>
public sealed class ShapeCheckpoint(ModelArchitecture architecture, TensorType type) : ICheckpoint
{
    /// <summary>Llama 3 70B, from its <c>config.json</c>.</summary>
    public static ModelArchitecture Llama70B { get; } = new()
    {
        Family = "llama",
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
        RopeScaling = new RopeScaling(RopeScalingKind.Llama3, 8, 1, 4, 8192),
        TiedHead = false,
    };

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
        var (hidden, feedForward) = (architecture.HiddenSize, architecture.FeedForwardSize);
        var (rows, columns) = key.Role switch
        {
            TensorRole.Embedding or TensorRole.Head => (architecture.VocabularySize, hidden),
            TensorRole.FinalNorm or TensorRole.AttentionNorm or TensorRole.FeedForwardNorm => (1, hidden),
            TensorRole.Query => (architecture.QuerySize, hidden),
            TensorRole.Key or TensorRole.Value => (architecture.KvSize, hidden),
            TensorRole.AttentionOutput => (hidden, architecture.QuerySize),
            TensorRole.Gate or TensorRole.Up => (feedForward, hidden),
            TensorRole.Down => (hidden, feedForward),
            _ => (0, 0),
        };
        tensor = new StoredTensor($"{key.Role}.{key.Layer}", 0, 0, type, rows, columns);
        return rows > 0;
    }

    public void Read(StoredTensor tensor, long offset, Span<byte> destination) => throw new CheckpointException("There are no weights.");

    public void Dispose()
    {
    }

    private static long ParametersOf(ModelArchitecture a)
    {
        var layer = 2L * a.HiddenSize * (a.QuerySize + a.KvSize) + 3L * a.HiddenSize * a.FeedForwardSize + 2L * a.HiddenSize;
        return a.Layers * layer + 2L * a.VocabularySize * a.HiddenSize + a.HiddenSize;
    }
}
