using Helios.Sdk.Models;

namespace Helios.Backends.Testing.Support;

/// <summary>A checkpoint of random blocks of a quantised type in memory, as a GGUF file holds one: vectors are in F32.</summary>
public sealed class BlockCheckpoint : ICheckpoint
{
    private readonly Dictionary<TensorKey, (StoredTensor Tensor, byte[] Bytes)> tensors = [];

    /// <summary>Creates a checkpoint.</summary>
    /// <param name="type">Type of its matrices.</param>
    /// <param name="seed">Of its numbers.</param>
    public BlockCheckpoint(TensorType type, int seed = 1)
    {
        var random = new Random(seed);
        var architecture = MemoryCheckpoint.Architecture(layers: 2, hidden: 256, heads: 4, kvHeads: 2, headDim: 64, feedForward: 256);
        Info = new CheckpointInfo
        {
            Name = "blocks",
            Path = "/blocks",
            Architecture = architecture,
            Exits = [new ModelExit(architecture.Layers)],
            StoredType = type,
            Parameters = 0,
            Fingerprint = "blocks",
        };
        foreach (var spec in Enumerable.Range(0, architecture.Layers).SelectMany(architecture.LayerTensors).Concat(architecture.FixedTensors()))
        {
            if (spec.Key == new TensorKey(TensorRole.Head)) continue;
            var tensor = new StoredTensor(spec.Key.ToString(), 0, 0, spec.Key.IsVector ? TensorType.F32 : type, spec.Rows, spec.Columns);
            tensors.Add(spec.Key, (tensor, spec.Key.IsVector ? Ones(spec.Columns) : Blocks(type, tensor.Bytes, random)));
        }

        tensors.Add(new TensorKey(TensorRole.Head), tensors[new TensorKey(TensorRole.Embedding)]);
    }

    private BlockCheckpoint(BlockCheckpoint blocks)
    {
        Info = blocks.Info with { StoredType = TensorType.F32 };
        foreach (var (key, (tensor, bytes)) in blocks.tensors)
        {
            var floats = new float[tensor.Elements];
            TensorBlocks.ToFloats(tensor.Type, bytes, floats);
            tensors.Add(key, (tensor with { Type = TensorType.F32 }, [.. floats.SelectMany(BitConverter.GetBytes)]));
        }
    }

    public CheckpointInfo Info { get; }

    /// <summary>The same numbers, stored as F32.</summary>
    public BlockCheckpoint Plain() => new(this);

    public bool TryGetTensor(TensorKey key, out StoredTensor tensor)
    {
        var found = tensors.TryGetValue(key, out var held);
        tensor = held.Tensor;
        return found;
    }

    public void Read(StoredTensor tensor, long offset, Span<byte> destination) =>
        tensors.Values.First(held => held.Tensor.Name == tensor.Name).Bytes.AsSpan((int)offset, destination.Length).CopyTo(destination);

    public void Dispose()
    {
    }

    private static byte[] Ones(int elements) => [.. Enumerable.Repeat(1f, elements).SelectMany(BitConverter.GetBytes)];

    // Random integers under scales of about the size that keeps the scale of what goes in.
    private static byte[] Blocks(TensorType type, long bytes, Random random)
    {
        var blocks = new byte[bytes];
        random.NextBytes(blocks);
        int[] scales = type switch
        {
            TensorType.Q4_1 or TensorType.Q5_1 or TensorType.Q4_K or TensorType.Q5_K => [0, 2],
            TensorType.Q2_K => [80, 82],
            TensorType.Q3_K => [108],
            TensorType.Q6_K => [208],
            _ => [0],
        };
        var size = type switch { TensorType.Q8_0 or TensorType.IQ4_NL => 1e-3, TensorType.Q4_K or TensorType.Q5_K => 3e-4, TensorType.Q2_K or TensorType.Q3_K => 3e-3, TensorType.Q6_K or TensorType.IQ4_XS => 3e-5, _ => 1e-2 };
        for (var at = 0; at < blocks.Length; at += type.BlockBytes())
        {
            foreach (var scale in scales) BitConverter.TryWriteBytes(blocks.AsSpan(at + scale), (Half)((random.NextDouble() - 0.5) * size));
        }

        return blocks;
    }
}
