using System.Buffers;
using Helios.Sdk.Tokenization.PreTokenizers;

namespace Helios.Sdk.Tokenization.Bpe;

/// <summary>
/// Where a long text may be cut so that its parts, encoded one by one, have the ids of the whole: before a space or line end that stands
/// behind a letter or digit, where every stage of the tokenizer allows it. Immutable.
/// </summary>
internal sealed class TextCuts
{
    private readonly SearchValues<char> spaces;
    private readonly int partLength;

    public TextCuts(BpeTokenizerParts parts)
    {
        partLength = parts.PartLength;
        spaces = SearchValues.Create([.. " \n".Where(space => CanCutBefore(parts, space))]);
    }

    /// <summary>The end of the part that begins at a place of a text: of its least length or a little more, or the end of the text where it has no place to cut.</summary>
    /// <param name="text">The text.</param>
    /// <param name="start">First character of the part.</param>
    /// <param name="end">Where what is cut ends.</param>
    public int EndOfPart(string text, int start, int end)
    {
        for (var at = start + Math.Min(partLength, end - start); at < end; at++)
        {
            var skipped = text.AsSpan(at, end - at).IndexOfAny(spaces);
            if (skipped < 0) break;
            at += skipped;
            if (char.IsLetterOrDigit(text[at - 1])) return at;
        }

        return end;
    }

    private static bool CanCutBefore(BpeTokenizerParts parts, char space)
    {
        if (parts.Normalizer.CutBefore(space) is not { } normalized || !parts.NormalizedTokens.CanCutBefore(normalized)) return false;
        foreach (var stage in parts.PreTokenizers)
        {
            // From here on every word is for itself.
            if (stage.CutBefore(normalized) is var effect && effect != CutEffect.CutsWord) return effect == CutEffect.None;
        }

        return parts.Model.CanCutBefore(normalized);
    }
}
