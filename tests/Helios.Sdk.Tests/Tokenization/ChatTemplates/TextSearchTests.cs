using FsCheck;
using FsCheck.Fluent;
using Helios.Sdk.Tokenization.ChatTemplates.Values;

namespace Helios.Sdk.Tests.Tokenization.ChatTemplates;

/// <summary>Search finds what .NET's own finds, in steps that grow with the texts alone.</summary>
public class TextSearchTests
{
    /// <summary>Texts of two letters, in which everything nearly matches; long and short parts.</summary>
    [Fact]
    public void It_finds_what_a_plain_search_finds()
    {
        var letters = Gen.Elements('a', 'b').ListOf().Select(list => string.Concat(list));
        var cases =
            from pattern in letters
            from repeats in Gen.Choose(1, 8)
            from noise in letters
            from place in Gen.Choose(0, 1000)
            select (Part: string.Concat(Enumerable.Repeat(pattern + "b", repeats)), Noise: noise, Where: place);
        Prop.ForAll(cases.ToArbitrary(), c =>
        {
            var text = c.Noise + c.Part[..(c.Where % c.Part.Length)] + c.Part + c.Noise + c.Part[1..];
            var from = c.Where % (text.Length + 1);
            return new TextSearch(c.Part, Meter()).Next(text, from) == text.IndexOf(c.Part, from, StringComparison.Ordinal)
                && new TextSearch(c.Part, Meter(), fromRight: true).Last(text, from) == text.AsSpan(0, from).LastIndexOf(c.Part);
        }).QuickCheckThrowOnFailure();
    }

    [Theory]
    [InlineData(70_000, 16)]
    [InlineData(131_080, 3)]
    [InlineData(200_000, 100)]
    public void It_finds_what_lies_across_a_window(int at, int length)
    {
        var part = new string('y', length);
        var text = new string('x', at) + part + new string('x', at);
        new TextSearch(part, Meter()).Next(text, 1).Should().Be(at);
        new TextSearch(part, Meter(), fromRight: true).Last(text, text.Length - 1).Should().Be(at);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void The_steps_grow_with_the_text_whatever_the_part(bool fromRight)
    {
        long StepsOf(int length)
        {
            var meter = Meter();
            var text = new string('a', length);
            var half = new string('a', length / 2);
            var search = new TextSearch(fromRight ? "b" + half : half + "b", meter, fromRight);
            (fromRight ? search.Last(text, text.Length) : search.Next(text, 0)).Should().Be(-1);
            return meter.Steps;
        }

        StepsOf(1_000_000).Should().BeInRange(9 * StepsOf(100_000), 11 * StepsOf(100_000));
    }

    private static ExecutionMeter Meter() => new(new TemplateErrors("search"), TemplateLimits.Default, CancellationToken.None);
}
