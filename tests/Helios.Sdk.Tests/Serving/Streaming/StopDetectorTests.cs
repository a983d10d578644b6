using System.Text;
using FsCheck;
using FsCheck.Fluent;
using Helios.Sdk.Serving.Streaming;

namespace Helios.Sdk.Tests.Serving.Streaming;

public class StopDetectorTests
{
    [Theory]
    [InlineData("xabcy", new[] { "ab", "bc" }, 1)]
    [InlineData("abcde", new[] { "bcd", "abcde" }, 1)]
    [InlineData("abcd", new[] { "bcd", "abcd" }, 0)]
    [InlineData("aab", new[] { "ab" }, 1)]
    [InlineData("abababc", new[] { "ababc" }, 2)]
    [InlineData("un été", new[] { "été" }, 3)]
    [InlineData("👨‍👩‍👧", new[] { "👩" }, 7)]
    [InlineData("abc", new[] { "abd" }, null)]
    [InlineData("", new[] { "a" }, null)]
    public void The_first_stop_string_to_be_complete_ends_the_answer(string text, string[] stops, int? stopAt)
    {
        var atOnce = new StopDetector(StopStrings.Of(stops));
        atOnce.Feed(Encoding.UTF8.GetBytes(text));
        atOnce.StopAt.Should().Be(stopAt);

        var bytewise = new StopDetector(StopStrings.Of(stops));
        foreach (var b in Encoding.UTF8.GetBytes(text)) bytewise.Feed([b]);
        bytewise.StopAt.Should().Be(stopAt);
    }

    [Fact]
    public void What_may_begin_a_stop_string_is_held_back()
    {
        var detector = new StopDetector(StopStrings.Of(["</s>", "END"]));

        Held("x").Should().Be(0);
        Held("<").Should().Be(1);
        Held("/s").Should().Be(3);
        Held("<").Should().Be(1);
        Held("EN").Should().Be(2);
        Held("!").Should().Be(0);
        Held("END").Should().Be(0);
        detector.StopAt.Should().Be(8);
        Held("END").Should().Be(0);
        detector.StopAt.Should().Be(8);

        int Held(string text)
        {
            detector.Feed(Encoding.UTF8.GetBytes(text));
            return detector.HeldBack;
        }
    }

    [Fact]
    public void Finds_what_a_plain_search_finds()
    {
        var text = Gen.Elements("a", "b", "c", "é", "è").ArrayOf().Select(string.Concat);
        var stops = text.Where(s => s.Length is > 0 and < 6).NonEmptyListOf();
        Prop.ForAll(text.Resize(8).ArrayOf().Resize(12).Zip(stops).ToArbitrary(), c =>
        {
            var (pieces, wanted) = c;
            var detector = new StopDetector(StopStrings.Of(wanted));
            var fed = new List<byte>();
            foreach (var bytes in pieces.Select(Encoding.UTF8.GetBytes))
            {
                var ended = detector.StopAt is not null;
                detector.Feed(bytes).Should().Be(detector.StopAt is not null);
                fed.AddRange(bytes);
                detector.StopAt.Should().Be(Search(fed, wanted));
                if (!ended && detector.StopAt is null) detector.HeldBack.Should().Be(LongestBeginning(fed, wanted));
            }
        }).Check(Config.QuickThrowOnFailure.WithMaxTest(500));
    }

    [Fact]
    public void Feeding_allocates_nothing()
    {
        var detector = new StopDetector(StopStrings.Of(["abcabd", "bcabca", "zzz"]));
        var bytes = Encoding.UTF8.GetBytes(string.Concat(Enumerable.Repeat("abcab", 1000)));
        detector.Feed(bytes);

        var before = GC.GetAllocatedBytesForCurrentThread();
        detector.Feed(bytes);

        GC.GetAllocatedBytesForCurrentThread().Should().Be(before);
    }

    [Fact]
    public void An_automaton_takes_time_and_memory_in_proportion_to_its_strings()
    {
        // All of them nearly alike: links of suffixes that were followed one by one would take the square of their length.
        string[] Strings(int length) => [.. Enumerable.Range(0, 4).Select(i => new string('a', length) + (char)('b' + i))];
        var (small, large) = (StopStrings.Of(Strings(100)), StopStrings.Of(Strings(10_000)));
        large.Bytes.Should().BeLessThan(110 * small.Bytes);
        Allocated(Strings(10_000)).Should().BeLessThan(130 * Allocated(Strings(100)));

        static long Allocated(string[] strings)
        {
            var before = GC.GetAllocatedBytesForCurrentThread();
            StopStrings.Of(strings);
            return GC.GetAllocatedBytesForCurrentThread() - before;
        }
    }

    [Fact]
    public void Strings_without_end_are_refused()
    {
        var act = () => StopStrings.Of([new string('x', 1 << 20)]);
        act.Should().Throw<ArgumentException>().WithMessage("The stop strings have 1048576 bytes; expected fewer than 65535.*");
    }

    [Fact]
    public void An_empty_stop_string_is_refused()
    {
        var act = () => StopStrings.Of(["a", ""]);
        act.Should().Throw<ArgumentException>();
    }

    /// <summary>The match that ends first, and of those that end together the one that starts first.</summary>
    private static int? Search(List<byte> text, IEnumerable<string> stops)
    {
        var found =
            from stop in stops.Select(Encoding.UTF8.GetBytes)
            from start in Enumerable.Range(0, Math.Max(0, text.Count - stop.Length + 1))
            where text.Skip(start).Take(stop.Length).SequenceEqual(stop)
            orderby start + stop.Length, start
            select (int?)start;
        return found.FirstOrDefault();
    }

    private static int LongestBeginning(List<byte> text, IEnumerable<string> stops) =>
        stops.Select(Encoding.UTF8.GetBytes).Max(stop => Enumerable.Range(0, stop.Length)
            .Where(n => n <= text.Count && text.TakeLast(n).SequenceEqual(stop.Take(n))).Max());
}
