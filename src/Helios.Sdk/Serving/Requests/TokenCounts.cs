using System.Runtime.InteropServices;

namespace Helios.Sdk.Serving.Requests;

/// <summary>
/// How often each token stands in the first tokens of a sequence. Moves forth and back along them, a token at a time;
/// allocates only when it meets more different tokens than ever before, by doubling.
/// </summary>
/// <param name="promptLength">Where the answer begins.</param>
/// <param name="capacity">Different tokens to begin with.</param>
internal sealed class TokenCounts(int promptLength, int capacity)
{
    private readonly Dictionary<int, TokenCount> counts = new(capacity);

    /// <summary>Tokens counted.</summary>
    public int Length { get; private set; }

    public Dictionary<int, TokenCount>.Enumerator GetEnumerator() => counts.GetEnumerator();

    /// <summary>Counts so many tokens, from the start.</summary>
    /// <param name="length">How many.</param>
    /// <param name="tokens">The sequence; those counted before are still what they were.</param>
    public void MoveTo(int length, ReadOnlySpan<int> tokens)
    {
        for (; Length < length; Length++) Add(tokens[Length], 1, Length >= promptLength ? 1 : 0);
        for (; Length > length; Length--) Add(tokens[Length - 1], -1, Length > promptLength ? -1 : 0);
    }

    private void Add(int token, int times, int inAnswer)
    {
        ref var count = ref CollectionsMarshal.GetValueRefOrAddDefault(counts, token, out _);
        count = new TokenCount(count.Times + times, count.InAnswer + inAnswer);
        if (count.Times == 0) counts.Remove(token);
    }
}

/// <summary>How often a token was counted.</summary>
/// <param name="Times">In prompt and answer.</param>
/// <param name="InAnswer">In the answer alone.</param>
internal readonly record struct TokenCount(int Times, int InAnswer);
