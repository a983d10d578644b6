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

        foreach (var spec in architecture.FixedTensors())
        {
            if (spec.Key == new TensorKey(TensorRole.Head) && architecture.Head.IsTied) tensors[spec.Key] = tensors[new(TensorRole.Embedding)];
            else Add(spec);
        }

        for (var layer = 0; layer < architecture.Layers; layer++)
        {
            foreach (var spec in architecture.LayerTensors(layer)) Add(spec);
        }

        foreach (var exit in exits)
        {
            foreach (var spec in architecture.ExitTensors(exit.Depth))
            {
                if (spec.Key.Role switch { TensorRole.ExitNorm => exit.OwnNorm, TensorRole.ExitHead => exit.OwnHead, _ => true }) Add(spec);
            }
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
            var values = Values(key)!.Select(value => (float)value).ToArray();
            if (!key.IsVector) values = under.Held(precision, key.Role, values, tensor.Columns);
            var next = 0;
            held.Add(key, tensor.Rows, tensor.Columns, () => values[next++]);
        }

        return held;
    }

    /// <summary>Called before every read; may throw.</summary>
    public Action<StoredTensor>? Reading { get; set; }

    /// <summary>A shape for tests: odd where it may be.</summary>
    public static ModelArchitecture Architecture(
        int layers = 3, int hidden = 48, int heads = 4, int kvHeads = 2, int headDim = 12, int feedForward = 71,
        int vocabulary = 105, int context = 256, bool tied = true, RopeScaling? scaling = null) => new LlamaShape
        {
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
        }.ToArchitecture();

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
    public double[]? Values(TensorKey key)
    {
        if (!tensors.TryGetValue(key, out var held)) return null;
        var values = new double[held.Tensor.Elements];
        for (var i = 0; i < values.Length; i++)
        {
            var at = held.Bytes.AsSpan(i * held.Tensor.Type.BlockBytes());
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
        var at = bytes.AsSpan(element * tensor.Type.BlockBytes());
        if (tensor.Type == TensorType.F32) BinaryPrimitives.WriteSingleLittleEndian(at, value);
        else if (tensor.Type == TensorType.F16) BinaryPrimitives.WriteHalfLittleEndian(at, (Half)value);
        else BinaryPrimitives.WriteUInt16LittleEndian(at, (ushort)(BitConverter.SingleToUInt32Bits(value) >> 16));
    }

    public void Dispose()
    {
    }

    // Norms around what leaves the scale alone, biases around 0, matrices such that a product keeps the scale of what goes in.
    private void Add(TensorSpec spec)
    {
        var center = spec.Key.Part == TensorPart.Weight && spec.Key.IsNorm ? 1 : 0;
        var gain = spec.Key.IsVector ? 0.2 : GainOf(spec.Key.Role) / Math.Sqrt(spec.Columns);
        Add(spec.Key, spec.Rows, spec.Columns, () => center + gain * Normal());
    }

    private static double GainOf(TensorRole role) => role switch
    {
        TensorRole.Query or TensorRole.Key => 1.5,
        TensorRole.AttentionOutput => 0.7,
        _ => 1,
    };

    private void Add(TensorKey key, int rows, int columns, Func<double> draw)
    {
        var tensor = new StoredTensor(key.ToString(), 0, 0, type, rows, columns);
        var bytes = new byte[tensor.Bytes];
        for (var i = 0; i < tensor.Elements; i++)
        {
            var at = bytes.AsSpan(i * tensor.Type.BlockBytes());
            var value = (float)draw();
            if (type == TensorType.F32) BinaryPrimitives.WriteSingleLittleEndian(at, value);
            else if (type == TensorType.F16) BinaryPrimitives.WriteHalfLittleEndian(at, (Half)value);
            else BinaryPrimitives.WriteUInt16LittleEndian(at, (ushort)(BitConverter.SingleToUInt32Bits(value) >> 16));
        }

        tensors[key] = (tensor, bytes);
    }

    private double Normal() => Math.Sqrt(-2 * Math.Log(1 - random.NextDouble())) * Math.Cos(2 * Math.PI * random.NextDouble());
}
