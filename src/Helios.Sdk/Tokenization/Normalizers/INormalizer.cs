using System.Text;
using Helios.Sdk.Tokenization.PreTokenizers;

namespace Helios.Sdk.Tokenization.Normalizers;

/// <summary>Which ends of a text a part of it has.</summary>
[Flags]
internal enum TextEnds
{
    /// <summary>It is from the middle.</summary>
    None = 0,

    /// <summary>The text's start.</summary>
    Start = 1,

    /// <summary>The text's end.</summary>
    End = 2,

    /// <summary>It is the whole text.</summary>
    Both = Start | End,
}

/// <summary>Rewrites text before it is cut into words. Stateless.</summary>
internal interface INormalizer
{
    /// <summary>
    /// Most UTF-16 units of a text that one unit of the rewritten text may stand for, at least 1; infinite when there is no bound. Where
    /// white space is not kept, its units do not count.
    /// </summary>
    double MaxShrink { get; }

    /// <summary>Whether white space is never left out altogether.</summary>
    bool KeepsSpaces => true;

    /// <summary>The rewritten text; linear in its length, but for a factor that the tokenizer's file sets.</summary>
    /// <param name="text">A text, or a part of one that was cut where <see cref="CutBefore"/> allows it.</param>
    /// <param name="ends">Which ends of the text the part has.</param>
    string Normalize(string text, TextEnds ends = TextEnds.Both);

    /// <summary>
    /// Whether a text may be cut before a space or line end that stands behind a letter or digit: the parts, rewritten one by one, make
    /// up the rewritten whole, and what is before the cut ends with neither white space nor ▁.
    /// </summary>
    /// <param name="space">The character behind the cut.</param>
    /// <returns>What it is rewritten to; null when a text may not be cut there.</returns>
    char? CutBefore(char space);
}

/// <summary>One normalizer behind the other; none leaves the text as it is.</summary>
internal sealed class NormalizerSequence(IReadOnlyList<INormalizer> steps) : INormalizer
{
    public double MaxShrink => steps.Aggregate(1.0, static (shrink, step) => shrink * step.MaxShrink);

    public bool KeepsSpaces => steps.All(static step => step.KeepsSpaces);

    public string Normalize(string text, TextEnds ends = TextEnds.Both)
    {
        foreach (var step in steps) text = step.Normalize(text, ends);
        return text;
    }

    public char? CutBefore(char space) => steps.Aggregate((char?)space, static (at, step) => at is { } c ? step.CutBefore(c) : null);
}

/// <summary>Puts something before a text that is not empty.</summary>
internal sealed class Prepend(string prefix) : INormalizer
{
    public double MaxShrink => 1;

    public string Normalize(string text, TextEnds ends = TextEnds.Both) => text.Length == 0 || !ends.HasFlag(TextEnds.Start) ? text : prefix + text;

    public char? CutBefore(char space) => space;
}

/// <summary>Replaces what a pattern matches.</summary>
internal sealed class Replace(IPattern pattern, string content) : INormalizer
{
    /// <summary>What becomes white space, or nothing, may be left out.</summary>
    public double MaxShrink => pattern switch
    {
        LiteralPattern { Text: var replaced } when string.IsNullOrWhiteSpace(replaced) => Math.Max(1, content.Length == 0 ? 1 : replaced.Length / (double)content.Length),
        LiteralPattern { Text: var replaced } when !string.IsNullOrWhiteSpace(content) => Math.Max(1, replaced.Length / (double)content.Length),
        _ => double.PositiveInfinity,
    };

    public bool KeepsSpaces => content.Length > 0;

    public string Normalize(string text, TextEnds ends = TextEnds.Both)
    {
        if (pattern is LiteralPattern literal) return text.Replace(literal.Text, content, StringComparison.Ordinal);
        var pieces = new List<PatternPiece>();
        pattern.Cut(text, pieces);
        var result = new StringBuilder(text.Length);
        foreach (var piece in pieces)
        {
            if (piece.IsMatch) result.Append(content);
            else result.Append(text, piece.Start, piece.Length);
        }

        return result.ToString();
    }

    public char? CutBefore(char space)
    {
        if (pattern is not LiteralPattern { Text: var replaced } || content.Length == 0) return null;
        if (replaced.Length == 1 && replaced[0] == space) return content is " " or "\u2581" ? content[0] : null;
        return replaced.Contains(space, StringComparison.Ordinal) || char.IsWhiteSpace(content[^1]) || content[^1] == '\u2581' || space == '\n' ? null : space;
    }
}

/// <summary>Lower case as Unicode 17 maps it, with the one letter whose lower case is two characters.</summary>
internal sealed class Lowercase : INormalizer
{
    public double MaxShrink => 1;

    public string Normalize(string text, TextEnds ends = TextEnds.Both) => UnicodeCase.ToLower(text.Replace("\u0130", "i\u0307", StringComparison.Ordinal));

    public char? CutBefore(char space) => UnicodeForm.CutBeforeSpace(space);
}

/// <summary>Takes white space from the ends.</summary>
internal sealed class Strip(bool left, bool right) : INormalizer
{
    public double MaxShrink => 1;

    public bool KeepsSpaces => false;

    public string Normalize(string text, TextEnds ends = TextEnds.Both)
    {
        if (left && ends.HasFlag(TextEnds.Start)) text = text.TrimStart();
        return right && ends.HasFlag(TextEnds.End) ? text.TrimEnd() : text;
    }

    public char? CutBefore(char space) => space;
}
