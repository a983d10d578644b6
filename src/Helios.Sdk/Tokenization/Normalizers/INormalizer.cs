using System.Text;
using Helios.Sdk.Tokenization.PreTokenizers;

namespace Helios.Sdk.Tokenization.Normalizers;

/// <summary>Rewrites text before it is cut into words. Stateless.</summary>
internal interface INormalizer
{
    /// <summary>The rewritten text; linear in its length, but for a factor that the tokenizer's file sets.</summary>
    string Normalize(string text);
}

/// <summary>One normalizer behind the other; none leaves the text as it is.</summary>
internal sealed class NormalizerSequence(IReadOnlyList<INormalizer> steps) : INormalizer
{
    public string Normalize(string text)
    {
        foreach (var step in steps) text = step.Normalize(text);
        return text;
    }
}

/// <summary>Puts something before a text that is not empty.</summary>
internal sealed class Prepend(string prefix) : INormalizer
{
    public string Normalize(string text) => text.Length == 0 ? text : prefix + text;
}

/// <summary>Replaces what a pattern matches.</summary>
internal sealed class Replace(IPattern pattern, string content) : INormalizer
{
    public string Normalize(string text)
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
}

/// <summary>Lower case as Unicode 17 maps it, with the one letter whose lower case is two characters.</summary>
internal sealed class Lowercase : INormalizer
{
    public string Normalize(string text) => UnicodeCase.ToLower(text.Replace("\u0130", "i\u0307", StringComparison.Ordinal));
}

/// <summary>Takes white space from the ends.</summary>
internal sealed class Strip(bool left, bool right) : INormalizer
{
    public string Normalize(string text)
    {
        if (left) text = text.TrimStart();
        return right ? text.TrimEnd() : text;
    }
}
