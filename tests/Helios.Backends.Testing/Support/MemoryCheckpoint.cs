using System.Buffers.Binary;
using Helios.Sdk.Models;

namespace Helios.Backends.Testing.Support;

/// <summary>A checkpoint of random weights in memory: any shape, any element type, own exits where asked for.</summary>
public sealed class MemoryCheckpoint : ICheckpoint
{
    private readonly Dictionary<TensorKey, (StoredTensor Tensor, byte[] Bytes)> tensors = [];
    private readonly Random random;
    private readonly TensorType type;

    public MemoryCheckpoint(ModelArchitecture architecture, TensorType type = TensorType.F32, int seed = 1, params ModelExit[] exits)
    {
        this.type = type;
        random = new Random(seed);
        var (hidden, vocabulary) = (architecture.HiddenSize, architecture.VocabularySize);
        Info = new CheckpointInfo
        {
            Name = "random",
            Path = "/random",
            Architecture = architecture,
            Exits = [.. exits, .. exits.Any(exit => exit.Depth == architecture.Layers) ? [] : new[] { new ModelExit(architecture.Layers) }],
            StoredType = type,
            Parameters = 0,
            Fingerprint = "random",
        };

        Matrix(TensorRole.Embedding, -1, vocabulary, hidden, 1);
        Norm(TensorRole.FinalNorm, -1, hidden);
        if (architecture.TiedHead) tensors[new(TensorRole.Head)] = tensors[new(TensorRole.Embedding)];
        else Matrix(TensorRole.Head, -1, vocabulary, hidden, 1);
        for (var layer = 0; layer < architecture.Layers; layer++)
        {
            Norm(TensorRole.AttentionNorm, layer, hidden);
            Matrix(TensorRole.Query, layer, architecture.QuerySize, hidden, 1.5);
            Matrix(TensorRole.Key, layer, architecture.KvSize, hidden, 1.5);
            Matrix(TensorRole.Value, layer, architecture.KvSize, hidden, 1);
            Matrix(TensorRole.AttentionOutput, layer, hidden, architecture.QuerySize, 0.7);
            Norm(TensorRole.FeedForwardNorm, layer, hidden);
            Matrix(TensorRole.Gate, layer, architecture.FeedForwardSize, hidden, 1);
            Matrix(TensorRole.Up, layer, architecture.FeedForwardSize, hidden, 1);
            Matrix(TensorRole.Down, layer, hidden, architecture.FeedForwardSize, 1);
        }

        foreach (var exit in exits)
        {
            if (exit.OwnNorm) Norm(TensorRole.ExitNorm, exit.Depth - 1, hidden);
            if (exit.OwnHead) Matrix(TensorRole.ExitHead, exit.Depth - 1, vocabulary, hidden, 1);
        }
    }

    private MemoryCheckpoint(CheckpointInfo info, TensorType type)
    {
        (Info, this.type) = (info, type);
        random = new Random(1);
    }

    public CheckpointInfo Info { get; }

    /// <summary>What <see cref="Precision.Auto"/> makes of it.</summary>
    public Precision AutoPrecision => type == TensorType.BF16 ? Precision.Bf16 : Precision.Fp32;

    /// <summary>The model that a precision makes of this one: the weights as a backend holds them, stored as F32.</summary>
    public MemoryCheckpoint Held(BackendUnderTest under, Precision precision)
    {
        var held = new MemoryCheckpoint(Info, TensorType.F32);
        foreach (var (key, (tensor, _)) in tensors)
        {
            var values = Values(key.Role, key.Layer)!.Select(value => (float)value).ToArray();
            if (tensor.Rows > 1) values = under.Held(precision, key.Role, values, tensor.Columns);
            var next = 0;
            held.Add(key.Role, key.Layer, tensor.Rows, tensor.Columns, () => values[next++]);
        }

        return held;
    }

    /// <summary>Called before every read; may throw.</summary>
    public Action<StoredTensor>? Reading { get; set; }

    /// <summary>A shape for tests: odd where it may be.</summary>
    public static ModelArchitecture Architecture(
        int layers = 3, int hidden = 48, int heads = 4, int kvHeads = 2, int headDim = 12, int feedForward = 71,
        int vocabulary = 105, int context = 256, bool tied = true, RopeScaling? scaling = null) => new()
        {
            Family = "llama",
            Layers = layers,
            HiddenSize = hidden,
            Heads = heads,
            KvHeads = kvHeads,
            HeadDim = headDim,
            FeedForwardSize = feedForward,
            VocabularySize = vocabulary,
            ContextLength = context,
            NormEpsilon = 1e-5f,
            RopeTheta = 10_000,
            RopeScaling = scaling ?? RopeScaling.None,
            TiedHead = tied,
        };

    public bool TryGetTensor(TensorKey key, out StoredTensor tensor)
    {
        var found = tensors.TryGetValue(key, out var held);
        tensor = held.Tensor;
        return found;
    }

    public void Read(StoredTensor tensor, long offset, Span<byte> destination)
    {
        Reading?.Invoke(tensor);
        tensors.Values.First(held => held.Tensor.Name == tensor.Name).Bytes.AsSpan((int)offset, destination.Length).CopyTo(destination);
    }

    /// <summary>The weights as stored, for a reference; null when there are none.</summary>
    public double[]? Values(TensorRole role, int layer = -1)
    {
        if (!tensors.TryGetValue(new(role, layer), out var held)) return null;
        var values = new double[held.Tensor.Elements];
        for (var i = 0; i < values.Length; i++)
        {
            var at = held.Bytes.AsSpan(i * held.Tensor.ElementBytes);
            values[i] = held.Tensor.Type switch
            {
                TensorType.BF16 => BitConverter.UInt32BitsToSingle((uint)BinaryPrimitives.ReadUInt16LittleEndian(at) << 16),
                TensorType.F16 => (double)BinaryPrimitives.ReadHalfLittleEndian(at),
                _ => BinaryPrimitives.ReadSingleLittleEndian(at),
            };
        }

        return values;
    }

    /// <summary>Puts NaN, or another number, into a tensor.</summary>
    public void Poison(TensorRole role, int layer, int element, float value = float.NaN)
    {
        var (tensor, bytes) = tensors[new(role, layer)];
        var at = bytes.AsSpan(element * tensor.ElementBytes);
        if (tensor.Type == TensorType.F32) BinaryPrimitives.WriteSingleLittleEndian(at, value);
        else if (tensor.Type == TensorType.F16) BinaryPrimitives.WriteHalfLittleEndian(at, (Half)value);
        else BinaryPrimitives.WriteUInt16LittleEndian(at, (ushort)(BitConverter.SingleToUInt32Bits(value) >> 16));
    }

    public void Dispose()
    {
    }

    private void Norm(TensorRole role, int layer, int size) => Add(role, layer, 1, size, () => 1 + 0.2 * Normal());

    private void Matrix(TensorRole role, int layer, int rows, int columns, double gain) =>
        Add(role, layer, rows, columns, () => gain * Normal() / Math.Sqrt(columns));

    private void Add(TensorRole role, int layer, int rows, int columns, Func<double> draw)
    {
        var tensor = new StoredTensor($"{role}.{layer}", 0, 0, type, rows, columns);
        var bytes = new byte[tensor.Bytes];
        for (var i = 0; i < tensor.Elements; i++)
        {
            var at = bytes.AsSpan(i * tensor.ElementBytes);
            var value = (float)draw();
            if (type == TensorType.F32) BinaryPrimitives.WriteSingleLittleEndian(at, value);
            else if (type == TensorType.F16) BinaryPrimitives.WriteHalfLittleEndian(at, (Half)value);
            else BinaryPrimitives.WriteUInt16LittleEndian(at, (ushort)(BitConverter.SingleToUInt32Bits(value) >> 16));
        }

        tensors[new(role, layer)] = (tensor, bytes);
    }

    private double Normal() => Math.Sqrt(-2 * Math.Log(1 - random.NextDouble())) * Math.Cos(2 * Math.PI * random.NextDouble());
}
