using System.Globalization;
using System.Text;
using Helios.Sdk.Tokenization.Normalizers;
using Helios.Sdk.Tokenization.PreTokenizers;

namespace Helios.Sdk.Tests.Tokenization;

public class NormalizerTests
{
    [Fact]
    public void Forms_equal_those_of_the_Unicode_database()
    {
        var cases = File.ReadLines(Path.Combine(TestData.Root, "tests", "data", "unicode", "normalization.txt")).Skip(1).ToArray();
        foreach (var line in cases)
        {
            var fields = line.Split(';').Select(Text).ToArray();
            new UnicodeForm(composed: true).Normalize(fields[0]).Should().Be(fields[1], line);
            new UnicodeForm(composed: false).Normalize(fields[0]).Should().Be(fields[2], line);
            new UnicodeForm(composed: true, compatible: true).Normalize(fields[0]).Should().Be(fields[3], line);
            new UnicodeForm(composed: false, compatible: true).Normalize(fields[0]).Should().Be(fields[4], line);
        }

        cases.Should().HaveCount(399);
    }

    [Theory]
    [InlineData("caf\u00e9", "caf\u00e9", "cafe\u0301")]
    [InlineData("e\u0301", "\u00e9", "e\u0301")]
    [InlineData("\ud55c\uae00", "\ud55c\uae00", "\u1112\u1161\u11ab\u1100\u1173\u11af")]
    [InlineData("a\u0315\u0300", "\u00e0\u0315", "a\u0300\u0315")]
    [InlineData("\u212b \u2126 \u0958", "\u00c5 \u03a9 \u0915\u093c", "A\u030a \u03a9 \u0915\u093c")]
    [InlineData("plain", "plain", "plain")]
    [InlineData("\ufb01", "\ufb01", "\ufb01")]
    public void Canonical_forms_of_known_texts(string text, string composed, string decomposed)
    {
        new UnicodeForm(composed: true).Normalize(text).Should().Be(composed);
        new UnicodeForm(composed: false).Normalize(text).Should().Be(decomposed);
    }

    [Fact]
    public void A_text_of_nothing_but_marks_is_ordered()
    {
        // 0315 has class 232, 0300 has 230: the worst case for an insertion sort.
        var marks = string.Concat(Enumerable.Repeat("\u0315\u0300", 200_000));

        var ordered = new UnicodeForm(composed: false).Normalize(marks);

        ordered.Should().Be(new string('\u0300', 200_000) + new string('\u0315', 200_000));
    }

    [Fact]
    public void Simple_normalizers_do_what_they_say()
    {
        new Prepend("▁").Normalize("a").Should().Be("▁a");
        new Prepend("▁").Normalize("").Should().BeEmpty();
        new Replace(new LiteralPattern(" "), "▁").Normalize(" a  b").Should().Be("▁a▁▁b");
        new Replace(new RegexPattern(" {2,}"), "▁").Normalize("a 🦙   b  ").Should().Be("a 🦙▁b▁");
        new Replace(new RegexPattern("(?=b)"), "-").Normalize("abb").Should().Be("a-b-b");
        new Lowercase().Normalize("ÀİΣ𐐀").Should().Be("ài\u0307σ𐐨");
        new Strip(left: true, right: false).Normalize("\u00a0 a ").Should().Be("a ");
        new Strip(left: false, right: true).Normalize(" a\u3000\n").Should().Be(" a");
    }

    private static string Text(string hex) => hex.Split(' ')
        .Select(h => new Rune(int.Parse(h, NumberStyles.HexNumber, CultureInfo.InvariantCulture)))
        .Aggregate(new StringBuilder(), (text, rune) => text.Append(rune)).ToString();
}
