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

/// <summary>Replaces a string wherever it occurs.</summary>
internal sealed class Replace(string pattern, string content) : INormalizer
{
    public string Normalize(string text) => text.Replace(pattern, content, StringComparison.Ordinal);
}

/// <summary>Lower case as Unicode maps it: .NET's mapping, and the one letter whose lower case is two characters.</summary>
internal sealed class Lowercase : INormalizer
{
    public string Normalize(string text) =>
        text.Replace("\u0130", "i\u0307", StringComparison.Ordinal).ToLowerInvariant();
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
