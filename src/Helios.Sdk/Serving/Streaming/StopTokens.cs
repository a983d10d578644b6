using System.Collections.Immutable;
using Helios.Sdk.Tokenization;

namespace Helios.Sdk.Serving.Streaming;

/// <summary>Stop strings that are special tokens. These add nothing to the text, so that no look at the text finds them.</summary>
internal static class StopTokens
{
    /// <summary>Longer strings are no token's.</summary>
    private const int Longest = 1024;

    /// <summary>Ids of the stop strings that are special tokens of a tokenizer.</summary>
    public static ImmutableArray<int> Find(IReadOnlyList<string> stops, ITokenizer tokenizer)
    {
        if (stops.Count == 0 || tokenizer.VocabularySize == 0) return [];
        return [.. stops.Where(stop => stop.Length is > 0 and <= Longest).Select(stop => SpecialToken(stop, tokenizer)).OfType<int>()];
    }

    private static int? SpecialToken(string text, ITokenizer tokenizer) =>
        tokenizer.Encode(text, addSpecialTokens: false) is [var id] && (uint)id < (uint)tokenizer.VocabularySize && tokenizer.GetBytes(id).IsEmpty && tokenizer.Decode([id], skipSpecialTokens: false) == text ? id : null;
}
