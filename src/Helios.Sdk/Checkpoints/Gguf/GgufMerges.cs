namespace Helios.Sdk.Checkpoints.Gguf;

/// <summary>
/// Merges of a SentencePiece vocabulary, as Hugging Face's conversion derives them: every way to cut a token in two tokens, in order of the token's
/// score, and of equal scores the longer parts first.
/// </summary>
internal static class GgufMerges
{
    /// <summary>Longest token that merges make: bounds the cuts that a file can ask for. SentencePiece's own limit is 16 characters.</summary>
    private const int Longest = 512;

    public static IEnumerable<(string Left, string Right)> Of(string[] tokens, float[] scores)
    {
        var ids = new Dictionary<string, int>(StringComparer.Ordinal);
        for (var id = 0; id < tokens.Length; id++) ids.TryAdd(tokens[id], id);
        var lookup = ids.GetAlternateLookup<ReadOnlySpan<char>>();
        var merges = new List<(string Left, string Right, float Score)>();
        var cuts = new List<(int Left, int Right)>();
        for (var id = 0; id < tokens.Length; id++)
        {
            var token = tokens[id];
            cuts.Clear();
            for (var cut = 1; cut < token.Length && token.Length <= Longest; cut++)
            {
                if (lookup.TryGetValue(token.AsSpan(0, cut), out var left) && lookup.TryGetValue(token.AsSpan(cut), out var right)) cuts.Add((left, right));
            }

            cuts.Sort();
            foreach (var (left, right) in cuts) merges.Add((tokens[left], tokens[right], scores[id]));
        }

        return merges.OrderByDescending(merge => merge.Score).ThenByDescending(merge => merge.Left.Length).ThenByDescending(merge => merge.Right.Length)
            .Select(merge => (merge.Left, merge.Right));
    }
}
