namespace Helios.Peers.Measuring;

/// <summary>Token ids that stand for a text: seeded, the same for both engines.</summary>
internal static class TokenSource
{
    public static int[] Take(int count, int vocabulary, int seed)
    {
        var random = new Random(seed);
        var tokens = new int[count];
        for (var i = 0; i < count; i++) tokens[i] = random.Next(vocabulary);
        return tokens;
    }
}
