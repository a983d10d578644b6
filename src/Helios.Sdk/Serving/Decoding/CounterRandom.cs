namespace Helios.Sdk.Serving.Decoding;

/// <summary>
/// Randomness as a function of (seed, position): the same seed gives the same draw at the same position, whatever shares
/// the batch and however often the sequence was preempted.
/// </summary>
internal static class CounterRandom
{
    /// <summary>A uniform draw in [0, 1) with 53 bits.</summary>
    public static double Uniform(long seed, int position) => (Bits(seed, position + 1L) >> 11) * (1.0 / (1UL << 53));

    /// <summary>The seed of one of several answers to a request; the first has the request's own. Positions draw from the other side of the stream.</summary>
    public static long SampleSeed(long seed, int sample) => sample == 0 ? seed : unchecked((long)Bits(seed, -sample));

    /// <summary>SplitMix64 (Steele, Lea, Flood 2014), its stream jumped to a place.</summary>
    private static ulong Bits(long seed, long place)
    {
        var z = unchecked((ulong)seed + (ulong)place * 0x9E3779B97F4A7C15UL);
        z = unchecked((z ^ (z >> 30)) * 0xBF58476D1CE4E5B9UL);
        z = unchecked((z ^ (z >> 27)) * 0x94D049BB133111EBUL);
        return z ^ (z >> 31);
    }
}
