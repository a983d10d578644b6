using System.Globalization;
using System.Text;
using Helios.Sdk.Tokenization.Normalizers;
using Helios.Sdk.Tokenization.PreTokenizers;

namespace Helios.Sdk.Tokenization.Bpe;

/// <summary>Which bytes a token stands for. Every supported decoder works token by token, but for one leading space.</summary>
internal sealed record TokenDecoder
{
    /// <summary>Tokens are written in <see cref="ByteLevelAlphabet"/>.</summary>
    public bool ByteLevel { get; init; }

    /// <summary>Tokens such as <c>&lt;0x0A&gt;</c> are bytes.</summary>
    public bool ByteFallback { get; init; }

    /// <summary>Replacements, in order: ▁ by a space, say.</summary>
    public IReadOnlyList<Replace> Replacements { get; init; } = [];

    /// <summary>The first space of a text is not part of it.</summary>
    public bool StripsLeadingSpace { get; init; }

    public byte[] ToBytes(string token)
    {
        if (ByteLevel) return ByteLevelAlphabet.ToBytes(token);
        foreach (var replacement in Replacements) token = replacement.Normalize(token);
        return ByteFallback && TryParseByte(token, out var b) ? [b] : Encoding.UTF8.GetBytes(token);
    }

    private static bool TryParseByte(string token, out byte b)
    {
        b = 0;
        return token.Length == 6 && token.StartsWith("<0x", StringComparison.Ordinal) && token[5] == '>'
            && byte.TryParse(token.AsSpan(3, 2), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out b);
    }
}
