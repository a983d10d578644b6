using System.Buffers.Binary;
using System.Collections.Immutable;
using System.Runtime.InteropServices;
using Helios.Sdk.Models;

namespace Helios.Cli.Benching;

/// <summary>
/// A checkpoint of random BF16 weights that are made when they are read: a model of any size takes no memory of its own.
/// What a tensor holds at an offset depends on its name and the offset alone.
/// </summary>
internal sealed class RandomCheckpoint : ICheckpoint
{
    private const int WordBytes = sizeof(ulong);

    private readonly Dictionary<TensorKey, StoredTensor> tensors = [];

    public RandomCheckpoint(ModelShape shape)
    {
        var architecture = shape.ToArchitecture();
        foreach (var spec in architecture.FixedTensors()) Add(spec);
        for (var layer = 0; layer < architecture.Layers; layer++)
        {
            foreach (var spec in architecture.LayerTensors(layer)) Add(spec);
        }

        Info = new CheckpointInfo
        {
            Name = shape.Text,
            Path = shape.Text,
            Architecture = architecture,
            Exits = [new ModelExit(architecture.Layers)],
            StoredType = TensorType.BF16,
            Parameters = tensors.Values.Sum(tensor => tensor.Elements),
            Fingerprint = shape.Text,
            EndOfSequenceIds = ImmutableArray<int>.Empty,
        };
    }

    public CheckpointInfo Info { get; }

    public bool TryGetTensor(TensorKey key, out StoredTensor tensor) => tensors.TryGetValue(key, out tensor!);

    public void Read(StoredTensor tensor, long offset, Span<byte> destination)
    {
        var weights = new Weights(tensor);
        Span<byte> word = stackalloc byte[WordBytes];
        var index = offset / WordBytes;
        if (offset % WordBytes is var skip and > 0)
        {
            BinaryPrimitives.WriteUInt64LittleEndian(word, weights.Word(index++));
            var head = word[(int)skip..];
            head = head[..Math.Min(head.Length, destination.Length)];
            head.CopyTo(destination);
            destination = destination[head.Length..];
        }

        foreach (ref var whole in MemoryMarshal.Cast<byte, ulong>(destination)) whole = weights.Word(index++);
        var tail = destination[(destination.Length / WordBytes * WordBytes)..];
        BinaryPrimitives.WriteUInt64LittleEndian(word, weights.Word(index));
        word[..tail.Length].CopyTo(tail);
    }

    public void Dispose()
    {
    }

    private void Add(TensorSpec spec) =>
        tensors.Add(spec.Key, new StoredTensor(spec.Key.ToString(), 0, 0, TensorType.BF16, spec.Rows, spec.Columns));

    /// <summary>
    /// Four BF16 weights at a time. A matrix holds magnitudes spread evenly over [2^k, 2^(k+1)) with either sign, k such that
    /// a product keeps the scale of what goes in; a norm holds values of [1, 2).
    /// </summary>
    private readonly ref struct Weights
    {
        private const ulong Mantissas = 0x007F_007F_007F_007F;
        private const ulong Signs = 0x8000_8000_8000_8000;
        private const ulong EachWeight = 0x0001_0001_0001_0001;
        private const int ExponentBias = 127;
        private const int MantissaBits = 7;

        private readonly ulong seed;
        private readonly ulong random;
        private readonly ulong exponents;

        public Weights(StoredTensor tensor)
        {
            // The mean square of such magnitudes is 7/3 of 4^k.
            var power = tensor.Rows == 1 ? 0 : (int)Math.Round(-0.5 * Math.Log2(tensor.Columns * 7.0 / 3));
            exponents = (ulong)(ExponentBias + power) << MantissaBits;
            exponents *= EachWeight;
            random = tensor.Rows == 1 ? Mantissas : Mantissas | Signs;
            seed = Seed(tensor.Name);
        }

        public ulong Word(long index) => (Mix(unchecked(seed + (ulong)index * 0x9E37_79B9_7F4A_7C15)) & random) | exponents;

        // FNV-1a: the same on every machine and in every run, which string hashes are not.
        private static ulong Seed(string name)
        {
            var hash = 0xCBF2_9CE4_8422_2325;
            foreach (var character in name) hash = unchecked((hash ^ character) * 0x0000_0100_0000_01B3);
            return hash;
        }

        // The finaliser of SplitMix64.
        private static ulong Mix(ulong z)
        {
            unchecked
            {
                z = (z ^ (z >> 30)) * 0xBF58_476D_1CE4_E5B9;
                z = (z ^ (z >> 27)) * 0x94D0_49BB_1331_11EB;
                return z ^ (z >> 31);
            }
        }
    }
}
