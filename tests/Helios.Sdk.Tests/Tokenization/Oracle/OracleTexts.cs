using System.Globalization;
using System.Text;
using Helios.Sdk.Tokenization.Normalizers;

namespace Helios.Sdk.Tests.Tokenization.Oracle;

/// <summary>Strings of everything that tokenizers trip over, the same for the same seed.</summary>
internal static class OracleTexts
{
    private static readonly string[] Words =
    [
        "Once", "upon", "a", "time", "the", "The", "HTTPServer", "won't", "I'LL", "he's", "'s", "'ſ", "été", "naïve", "Straße", "İstanbul", "ΣΑΣ", "ǅ",
        "你好", "世界", "日本語", "한국어", "สวัสดี", "नमस्ते", "𐐀𐐨", "𝒳𝟙", "𠀀𠀁", "🦙", "👨\u200d👩\u200d👧", "e\u0301", "a\u0315\u0300", "ﬁ", "①", "Ⅷ", "½", "㍿",
        "3", "42", "1234567", "٣٤", "3.14", "-", "--", "...", "!?", "(x)", "[INST]", "<|", "|>", "</s>", "<s>", "<unk>", "<0x0A>", "▁", "▁▁", "_", "\\", "\"", "€",
        "<r>", "<l>", "<w>", "<n>", "Ⓐ", "🅰", "\u00b2", "<|endoftext|>", "<|", "Ġ", "\ufeff",
    ];

    private static readonly string[] Spaces = [" ", "  ", "   ", "\t", "\n", "\r\n", "\n\n", " \n ", "\u00a0", "\u3000", "\u2028", "\u0085", "        "];

    private static readonly int[] Marks = [.. Enumerable.Range(1, 0x1FFFF).Where(c => c is < 0xD800 or > 0xDFFF && UnicodeTables.Instance.ClassOf(c) != 0)];

    /// <summary>So many strings.</summary>
    /// <param name="count">How many.</param>
    /// <param name="seed">The seed.</param>
    /// <param name="longest">Most pieces of one.</param>
    public static IEnumerable<string> Generate(int count, int seed, int longest = 24)
    {
        var random = new Random(seed);
        for (var i = 0; i < count; i++)
        {
            var text = new StringBuilder();
            for (var pieces = random.Next(longest); pieces >= 0; pieces--) text.Append(Piece(random));
            yield return text.ToString();
        }
    }

    /// <summary>Every character of Unicode but the null character, which a C string cannot hold.</summary>
    public static IEnumerable<string> Characters() =>
        Enumerable.Range(1, 0x10FFFF).Where(c => c is < 0xD800 or > 0xDFFF).Select(char.ConvertFromUtf32);

    private static string Piece(Random random) => random.Next(12) switch
    {
        < 5 => Words[random.Next(Words.Length)],
        < 8 => Spaces[random.Next(Spaces.Length)],
        8 => ((char)random.Next(0x21, 0x7F)).ToString(),
        9 => Any(random, random.Next(2) == 0 ? 0xFFFF : 0x10FFFF),
        10 => char.ConvertFromUtf32(Marks[random.Next(Marks.Length)]),
        _ => ((char)random.Next(1, 0xA0)).ToString(),
    };

    private static string Any(Random random, int last)
    {
        while (true)
        {
            var character = random.Next(1, last + 1);
            if (character is < 0xD800 or > 0xDFFF && CharUnicodeInfo.GetUnicodeCategory(character) != UnicodeCategory.OtherNotAssigned) return char.ConvertFromUtf32(character);
        }
    }
}
