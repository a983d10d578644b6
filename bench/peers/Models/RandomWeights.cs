using System.Runtime.InteropServices;

namespace Helios.Peers.Models;

/// <summary>
/// Seeded weights, uniform and exact in bfloat16. A row is a function of seed, tensor and row alone, so that any file can
/// be streamed in its own order and holds the same weights.
/// </summary>
internal static class RandomWeights
{
    public const int Seed = 1;

    /// <summary>Fills one row of the Hugging Face tensor.</summary>
    public static void Fill(TensorPlan tensor, int index, int row, Span<ushort> bf16)
    {
        var state = Mix(Seed + Mix((ulong)index + Mix((ulong)row)));
        var halfWidth = tensor.Deviation * Math.Sqrt(3);
        var (low, step) = ((float)(tensor.Mean - halfWidth), (float)(halfWidth / (1 << 23)));
        for (var i = 0; i < bf16.Length; i++)
        {
            state += 0x9E3779B97F4A7C15;
            bf16[i] = ToBf16(low + step * (Mix(state) >> 40));
        }
    }

    public static void ToSingle(ReadOnlySpan<ushort> bf16, Span<float> single)
    {
        var bits = MemoryMarshal.Cast<float, uint>(single);
        for (var i = 0; i < bf16.Length; i++) bits[i] = (uint)bf16[i] << 16;
    }

    // To nearest; the weights are finite and far from overflow.
    private static ushort ToBf16(float value) => (ushort)((BitConverter.SingleToUInt32Bits(value) + 0x8000) >> 16);

    // The finaliser of splitmix64.
    private static ulong Mix(ulong x)
    {
        x = (x ^ (x >> 30)) * 0xBF58476D1CE4E5B9;
        x = (x ^ (x >> 27)) * 0x94D049BB133111EB;
        return x ^ (x >> 31);
    }
}
