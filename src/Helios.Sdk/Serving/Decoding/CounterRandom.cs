namespace Helios.Sdk.Serving.Decoding;

/// <summary>
/// Randomness as a function of (seed, position): the same seed gives the same draw at the same position, whoever shares
/// the batch and however often the sequence was preempted.
/// </summary>
internal static class CounterRandom
{
    /// <summary>A uniform draw in [0, 1) with 53 bits.</summary>
    public static double Uniform(long seed, int position)
    {
        // SplitMix64 (Steele, Lea, Flood 2014), its stream jumped to the position.
        var z = unchecked((ulong)seed + ((ulong)position + 1) * 0x9E3779B97F4A7C15UL);
        z = unchecked((z ^ (z >> 30)) * 0xBF58476D1CE4E5B9UL);
        z = unchecked((z ^ (z >> 27)) * 0x94D049BB133111EBUL);
        z ^= z >> 31;
        return (z >> 11) * (1.0 / (1UL << 53));
    }
}
