using System.Text.RegularExpressions;
using FsCheck;
using FsCheck.Fluent;
using Helios.Sdk.Tokenization.PreTokenizers;

namespace Helios.Sdk.Tests.Tokenization;

/// <summary>Hand-written scanners against the patterns they stand for.</summary>
public class ScannerTests
{
    private static readonly string[] Tricky =
    [
        "'", " ", "  ", "\t", "\n", "\r", "\r\n", "s", "T", "re", "VE", "m", "ll", "Ll", "d", "a", "Z", "é", "你", "ǅ", "ʰ", "1", "23", "٣", "½",
        "Ⅷ", "!", "...", "-", "_", "\u0301", "\u00a0", "\u0085", "\u2028", "\u3000", "\u200b", "\u001c", "€", "\ufffd", "\ue000", "\u0378",
    ];

    private static readonly string[] Supplementary = ["𐐀", "𐐨", "𝟙", "𒐀", "🦙", "👨\u200d👩", "𠀀", "𝅥", "\U000F0000", "\U0003FFFF"];

    public static TheoryData<string> Patterns => [PublishedPatterns.Gpt2, PublishedPatterns.Llama3, PublishedPatterns.Qwen2];

    [Theory]
    [MemberData(nameof(Patterns))]
    public void Scanner_cuts_as_the_regular_expression_does(string pattern)
    {
        var regex = new Regex(pattern, RegexOptions.CultureInvariant, TimeSpan.FromSeconds(5));
        var scanner = PublishedPatterns.Find(pattern)!;

        // The long s is an s to Unicode's case folding, and not to .NET's.
        var anyBmp = Gen.Choose(1, 0xFFFF).Where(c => c is (< 0xD800 or > 0xDFFF) and not 0x17F).Select(c => ((char)c).ToString());
        Prop.ForAll(Texts(Gen.OneOf(Gen.Elements(Tricky), Gen.Elements(Tricky), anyBmp)), text =>
            Words(scanner, text).SequenceEqual(regex.Matches(text).Select(m => m.Value), StringComparer.Ordinal))
            .Check(Config.QuickThrowOnFailure.WithMaxTest(2000));
    }

    [Theory]
    [MemberData(nameof(Patterns))]
    public void Scanner_and_fallback_agree_on_characters_of_two_units(string pattern)
    {
        var fallback = Fallback(pattern);
        var scanner = PublishedPatterns.Find(pattern)!;

        Prop.ForAll(Texts(Gen.OneOf(Gen.Elements(Tricky), Gen.Elements(Supplementary))), text =>
            Words(scanner, text).SequenceEqual(Words(fallback, text), StringComparer.Ordinal))
            .Check(Config.QuickThrowOnFailure.WithMaxTest(1000));
    }

    [Fact]
    public void Characters_of_two_units_are_letters_numbers_and_signs()
    {
        Words(PublishedPatterns.Find(PublishedPatterns.Gpt2)!, "a𐐀𐐨 𝟙𝟚x 🦙🦙!").Should().Equal("a𐐀𐐨", " 𝟙𝟚", "x", " 🦙🦙!");
        Words(PublishedPatterns.Find(PublishedPatterns.Llama3)!, "🦙𐐀 𝟙𝟚𝟛𝟜").Should().Equal("🦙𐐀", " ", "𝟙𝟚𝟛", "𝟜");
        Words(PublishedPatterns.Find(PublishedPatterns.Qwen2)!, "𝟙𝟚'ſx").Should().Equal("𝟙", "𝟚", "'ſ", "x");
    }

    [Theory]
    [InlineData("Isolated", false, "a|12|🦙|3|b")]
    [InlineData("Removed", false, "a|🦙|b")]
    [InlineData("Removed", true, "12|3")]
    [InlineData("MergedWithPrevious", false, "a12|🦙3|b")]
    [InlineData("MergedWithNext", false, "a|12🦙|3b")]
    [InlineData("Contiguous", false, "a|12|🦙|3|b")]
    public void Fallback_does_with_matches_what_it_is_reported(string behavior, bool invert, string words) =>
        Words(new PatternSplit(new RegexPattern("[0-9]+"), Enum.Parse<SplitBehavior>(behavior), invert), "a12🦙3b").Should().Equal(words.Split('|'));

    [Theory]
    [InlineData("MergedWithPrevious", "a1|2|🦙3|b")]
    [InlineData("MergedWithNext", "a|1|2🦙|3b")]
    [InlineData("Contiguous", "a|12|🦙|3|b")]
    public void Of_matches_in_a_row_one_is_merged(string behavior, string words) =>
        Words(new PatternSplit(new RegexPattern("[0-9]"), Enum.Parse<SplitBehavior>(behavior), invert: false), "a12🦙3b").Should().Equal(words.Split('|'));

    [Fact]
    public void An_empty_match_parts_what_is_around_it() =>
        Words(Fallback("(?=[A-Z])"), "oneTwo🦙Three").Should().Equal("one", "Two🦙", "Three");

    [Fact]
    public void Fallback_that_takes_too_long_fails_instead_of_hanging()
    {
        // The look-ahead rules out matching without backtracking.
        var scanner = Fallback("(?=a)(a|aa)+$", TimeSpan.FromMilliseconds(100));

        var act = () => Words(scanner, new string('a', 60) + "!");

        act.Should().Throw<HeliosException>().WithMessage("*(a|aa)+$*longer than 0.1 s*");
    }

    [Fact]
    public void Fallback_is_bounded_over_all_matches_of_a_text()
    {
        // Every place looks to the end of the text: no match is slow, all of them are.
        var scanner = Fallback("a(?=(?:a|cc)*b)|.", TimeSpan.FromMilliseconds(100));

        var act = () => Words(scanner, new string('a', 50_000));

        act.Should().Throw<HeliosException>();
    }

    private static PatternSplit Fallback(string pattern, TimeSpan? limit = null) => new(new RegexPattern(pattern, limit), SplitBehavior.Isolated, invert: false);

    private static string[] Words(IWordScanner scanner, string text) => Words(new Split(scanner), text);

    private static string[] Words(IPreTokenizer stage, string text)
    {
        var (from, words) = (new WordList(), new WordList());
        from.AddWord(text);
        stage.Apply(from, atStart: true, words);
        return [.. Enumerable.Range(0, words.Count).Select(i => words[i].ToString())];
    }

    private static Arbitrary<string> Texts(Gen<string> piece) => piece.ArrayOf().Select(string.Concat).ToArbitrary();
}
