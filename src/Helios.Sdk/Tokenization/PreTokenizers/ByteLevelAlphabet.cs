using System.Text;

namespace Helios.Sdk.Tokenization.PreTokenizers;

/// <summary>
/// GPT-2's alphabet of bytes: every byte as one printable character, so that a vocabulary of bytes can be written as text.
/// Printable Latin-1 stands for itself; the other 68 bytes are U+0100 and up, in order.
/// </summary>
internal static class ByteLevelAlphabet
{
    private const int FirstStandIn = 0x100;

    private static readonly char[] Characters = Build();
    private static readonly Dictionary<char, byte> Bytes = Characters.Select((c, b) => (c, b)).ToDictionary(p => p.c, p => (byte)p.b);

    public static char ToChar(byte b) => Characters[b];

    /// <summary>A text's UTF-8, each byte as its character.</summary>
    public static string Write(ReadOnlySpan<char> text) =>
        string.Create(Encoding.UTF8.GetByteCount(text), text, static (characters, from) =>
        {
            Span<byte> utf8 = stackalloc byte[4];
            var at = 0;
            foreach (var rune in from.EnumerateRunes())
            {
                foreach (var b in utf8[..rune.EncodeToUtf8(utf8)]) characters[at++] = ToChar(b);
            }
        });

    /// <summary>Bytes, each as its character.</summary>
    public static string Write(ReadOnlySpan<byte> bytes) =>
        string.Create(bytes.Length, bytes, static (characters, from) =>
        {
            for (var i = 0; i < from.Length; i++) characters[i] = ToChar(from[i]);
        });

    /// <summary>The bytes that a token stands for; of one that is not in the alphabet (an added token), its UTF-8.</summary>
    public static byte[] ToBytes(string token)
    {
        var bytes = new byte[token.Length];
        for (var i = 0; i < token.Length; i++)
        {
            if (!Bytes.TryGetValue(token[i], out bytes[i])) return Encoding.UTF8.GetBytes(token);
        }

        return bytes;
    }

    private static char[] Build()
    {
        var standIns = 0;
        var characters = new char[256];
        for (var b = 0; b < 256; b++)
        {
            var standsForItself = b is (>= '!' and <= '~') or (>= 0xA1 and <= 0xAC) or (>= 0xAE and <= 0xFF);
            characters[b] = (char)(standsForItself ? b : FirstStandIn + standIns++);
        }

        return characters;
    }
}
