using Helios.Sdk.Models;

namespace Helios.Backends.Testing.Support;

/// <summary>Models of shapes that differ in what a backend may get wrong.</summary>
internal static class Checkpoints
{
    /// <summary>A text that is in the vocabulary of all of them.</summary>
    public static readonly int[] Text = [.. Enumerable.Range(0, 53).Select(i => (i * 37 + 11) % 105)];

    public static Dictionary<string, Func<MemoryCheckpoint>> Named { get; } = new(StringComparer.Ordinal)
    {
        ["odd shapes, tied, f32"] = () => new(MemoryCheckpoint.Architecture()),
        ["untied, bf16"] = () => new(MemoryCheckpoint.Architecture(tied: false), TensorType.BF16),
        ["odd hidden, f16, untied"] = () => new(MemoryCheckpoint.Architecture(hidden: 37, tied: false), TensorType.F16),
        ["one head for all, own exits"] = () => new(
            MemoryCheckpoint.Architecture(heads: 6, kvHeads: 1, headDim: 16), TensorType.BF16, 3,
            new ModelExit(1, OwnNorm: true, OwnHead: true), new ModelExit(2, OwnNorm: true), new ModelExit(3)),
        ["as many kv heads, linear scaling"] = () => new(
            MemoryCheckpoint.Architecture(heads: 3, kvHeads: 3, headDim: 64, scaling: new RopeScaling(RopeScalingKind.Linear, 4)), TensorType.BF16),
        ["llama 3 scaling, wide"] = () => new(
            MemoryCheckpoint.Architecture(hidden: 512, heads: 8, kvHeads: 2, headDim: 64, feedForward: 333, vocabulary: 1003, layers: 2, scaling: new RopeScaling(RopeScalingKind.Llama3, 8, 1, 4, 32)),
            TensorType.BF16),
    };
}
