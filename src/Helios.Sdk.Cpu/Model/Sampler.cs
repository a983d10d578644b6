using Helios.Sdk.Backends;
using Helios.Sdk.Cpu.Kernels;

namespace Helios.Sdk.Cpu.Model;

/// <summary>
/// Draws a token from a row of logits: temperature, then the top k, then the top p of what those leave, then of those the ones
/// of at least a share of the largest weight, then the token at which the running sum of kept weights, likeliest first
/// (lower id on ties), passes the draw.
/// </summary>
/// <remarks>
/// Nothing sorts the vocabulary. Tokens fall into buckets by how far their logit lies below the largest; buckets are in
/// order, so that a running count or sum skips over whole ones, and only the bucket in which a cut falls is sorted.
/// </remarks>
internal unsafe ref struct Sampler
{
    private const int Buckets = 1024;

    // Of e^-x, x in steps of 1/32 up to 32: beyond, all is one bucket of weights under 1e-13.
    private const float BucketsPerUnit = 32;

    private readonly float* logits;
    private readonly float* weights;
    private readonly ushort* buckets;
    private readonly ulong* keys;
    private readonly int size;
    private readonly Span<int> counts;
    private readonly Span<double> masses;

    private Sampler(float* logits, int size, int padded, byte* scratch, Span<int> counts, Span<double> masses)
    {
        this.logits = logits;
        this.size = size;
        keys = (ulong*)scratch;
        weights = (float*)(keys + padded);
        buckets = (ushort*)(weights + padded);
        this.counts = counts;
        this.masses = masses;
    }

    /// <summary>Bytes of scratch memory for a row of logits.</summary>
    public static long ScratchBytes(int padded) => (long)padded * (sizeof(ulong) + sizeof(float) + sizeof(ushort));

    /// <summary>Draws.</summary>
    /// <param name="kernels">Vector kernels.</param>
    /// <param name="logits">Row of logits.</param>
    /// <param name="size">Vocabulary.</param>
    /// <param name="padded">The row with its padding of negative infinity.</param>
    /// <param name="summary">The row's summary.</param>
    /// <param name="row">How to draw.</param>
    /// <param name="scratch">Memory of <see cref="ScratchBytes"/>.</param>
    public static int Draw(CpuKernels kernels, float* logits, int size, int padded, in LogitSummary summary, in SampleRow row, byte* scratch)
    {
        if (!(row.Temperature > 0) || row.TopK == 1 || !double.IsFinite(summary.Sum)) return summary.TopId;
        var sampler = new Sampler(logits, size, padded, scratch, stackalloc int[Buckets], stackalloc double[Buckets]);
        kernels.TemperedWeights(logits, sampler.weights, padded, summary.Max, row.Temperature);
        var kept = new Cut(size, sampler.Fill(summary.Max, row.Temperature), summary.TopId);
        if (row.TopK > 0 && row.TopK < size) kept = sampler.Seek(row.TopK, double.PositiveInfinity, passing: false);
        if (row.TopP < 1) kept = sampler.Seek(kept.Count, row.TopP * kept.Mass, passing: false);
        if (row.MinP > 0 && sampler.CountFrom(row.MinP) is var likely && likely < kept.Count) kept = sampler.Seek(likely, double.PositiveInfinity, passing: false);
        return sampler.Seek(kept.Count, row.Uniform * kept.Mass, passing: true).Token;
    }

    // Returns the mass of all, summed as a walk over the buckets sums it.
    private readonly double Fill(float max, float temperature)
    {
        counts.Clear();
        masses.Clear();
        var scale = Scale(max, temperature);
        for (var id = 0; id < size; id++)
        {
            var bucket = (int)MathF.Min(Buckets - 1, (max - logits[id]) * scale);
            buckets[id] = (ushort)bucket;
            counts[bucket]++;
            masses[bucket] += weights[id];
        }

        var total = 0d;
        foreach (var mass in masses) total += mass;
        return total;
    }

    // Buckets per logit. At high temperatures all tokens would fall into the first few, and these be sorted.
    private readonly float Scale(float max, float temperature)
    {
        var scale = BucketsPerUnit / temperature;
        if (temperature <= 1) return scale;
        var least = max;
        for (var id = 0; id < size; id++)
        {
            if (logits[id] < least && float.IsFinite(logits[id])) least = logits[id];
        }

        return least < max ? Math.Max(scale, (Buckets - 1) / (max - least)) : scale;
    }

    // Tokens of at least so much weight; the largest weighs 1.
    private readonly int CountFrom(float least)
    {
        var count = 0;
        for (var id = 0; id < size; id++)
        {
            if (weights[id] >= least) count++;
        }

        return count;
    }

    // Goes over tokens, likeliest first, to the one at which there are `count` of them (at most all) or their mass reaches (or,
    // when passing, exceeds) a target; at least one. Rounding may leave a target next to all the mass unreached: what is found
    // then is the last token that has weight, never one that was forbidden.
    private readonly Cut Seek(int count, double target, bool passing)
    {
        var (taken, mass, found, skipped) = (0, 0d, -1, -1);
        for (var bucket = 0; ; bucket++)
        {
            if (counts[bucket] == 0) continue;
            var next = mass + masses[bucket];
            if (taken + counts[bucket] < count && !Reached(next, target, passing))
            {
                (taken, mass, found, skipped) = (taken + counts[bucket], next, -1, bucket);
                continue;
            }

            var tokens = Collect(bucket);
            for (var i = 0; i < tokens; i++)
            {
                var token = (int)(uint)keys[i];
                taken++;
                if (weights[token] > 0) (mass, found) = (mass + weights[token], token);
                if (taken == count || Reached(mass, target, passing)) return new Cut(taken, mass, found >= 0 ? found : LastOf(skipped));
            }
        }
    }

    // Of a bucket but the last, in which every token has weight.
    private readonly int LastOf(int bucket) => (int)(uint)keys[Collect(bucket) - 1];

    private static bool Reached(double mass, double target, bool passing) => passing ? mass > target : mass >= target;

    // The tokens of a bucket in order: keys ascend as logits descend, then as ids ascend.
    private readonly int Collect(int bucket)
    {
        var ids = new ReadOnlySpan<ushort>(buckets, size);
        var found = 0;
        for (var id = 0; ; id++)
        {
            var next = ids[id..].IndexOf((ushort)bucket);
            if (next < 0) break;
            id += next;
            keys[found++] = ((ulong)~Ascending(logits[id]) << 32) | (uint)id;
        }

        new Span<ulong>(keys, found).Sort();
        return found;
    }

    // Unsigned integers in the order of the floats; the two zeros are one.
    private static uint Ascending(float value)
    {
        var bits = BitConverter.SingleToUInt32Bits(value + 0f);
        return (bits & 0x80000000) != 0 ? ~bits : bits | 0x80000000;
    }

    /// <summary>Where a cut falls: so many tokens of such mass, the last being <paramref name="Token"/>.</summary>
    private readonly record struct Cut(int Count, double Mass, int Token);
}
