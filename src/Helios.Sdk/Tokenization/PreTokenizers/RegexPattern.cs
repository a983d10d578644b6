using System.Diagnostics;
using System.Globalization;
using System.Text.RegularExpressions;

namespace Helios.Sdk.Tokenization.PreTokenizers;

/// <summary>
/// A regular expression that is not one of <see cref="PublishedPatterns"/>. It runs without backtracking where it allows that, and
/// else with a time limit, so a hostile text can make it fail but not hang.
/// </summary>
internal sealed class RegexPattern : IPattern
{
    private static readonly TimeSpan DefaultLimit = TimeSpan.FromSeconds(2);

    /// <summary>More time for all matches of a long text: some ten times what a sane pattern takes.</summary>
    private static readonly TimeSpan TimePerCharacter = TimeSpan.FromMicroseconds(1);

    private readonly Regex regex;
    private readonly TimeSpan limit;

    /// <summary>Compiles a pattern.</summary>
    /// <param name="pattern">The pattern.</param>
    /// <param name="limit">Most time for a text that is not long; 2 s unless given.</param>
    /// <exception cref="ArgumentException">.NET does not know the pattern's syntax.</exception>
    public RegexPattern(string pattern, TimeSpan? limit = null)
    {
        this.limit = limit ?? DefaultLimit;
        try
        {
            regex = new Regex(pattern, RegexOptions.CultureInvariant | RegexOptions.NonBacktracking, this.limit);
        }
        catch (NotSupportedException)
        {
            regex = new Regex(pattern, RegexOptions.CultureInvariant, this.limit);
        }
    }

    public void Cut(ReadOnlySpan<char> text, List<PatternPiece> into)
    {
        var shadow = new Shadow(text);
        var done = 0;
        var started = Stopwatch.GetTimestamp();
        try
        {
            foreach (var match in regex.EnumerateMatches(shadow.Text))
            {
                // The expression's own limit is for one match, and a text has many.
                if (Stopwatch.GetElapsedTime(started) > limit + (text.Length * TimePerCharacter)) throw new RegexMatchTimeoutException();
                var (start, end) = (shadow.Offset(match.Index), shadow.Offset(match.Index + match.Length));
                if (start == end && start == done && done > 0) continue; // an empty match right behind another is none
                if (start > done) into.Add(new PatternPiece(done, start - done, false));
                into.Add(new PatternPiece(start, end - start, true));
                done = end;
            }
        }
        catch (RegexMatchTimeoutException e)
        {
            throw new HeliosException(
                Invariant($"The text cannot be encoded: the tokenizer's own pattern {regex} takes longer than {limit.TotalSeconds} s on it."), e);
        }

        if (done < text.Length) into.Add(new PatternPiece(done, text.Length - done, false));
    }

    /// <summary>
    /// A text with one UTF-16 unit for each character: those that take two are represented by another of the same Unicode
    /// category, for .NET's regular expressions would see two surrogates, which are neither letters nor numbers.
    /// </summary>
    private readonly ref struct Shadow
    {
        private static readonly char[] StandIns = FindStandIns();

        private readonly int[]? offsets;

        public Shadow(ReadOnlySpan<char> text)
        {
            Text = text;
            if (!text.ContainsAnyInRange('\uD800', '\uDFFF')) return;
            var units = new char[text.Length];
            var places = new int[text.Length + 1];
            var count = 0;
            var at = 0;
            foreach (var rune in text.EnumerateRunes())
            {
                places[count] = at;
                units[count++] = rune.IsBmp ? (char)rune.Value : StandIns[(int)CharUnicodeInfo.GetUnicodeCategory(rune.Value)];
                at += rune.Utf16SequenceLength;
            }

            places[count] = at;
            offsets = places;
            Text = units.AsSpan(0, count);
        }

        public ReadOnlySpan<char> Text { get; }

        /// <summary>Where a place of the shadow is in the text.</summary>
        public int Offset(int at) => offsets is null ? at : offsets[at];

        /// <summary>The last of its category in the basic plane: the least likely to be named in a pattern.</summary>
        private static char[] FindStandIns()
        {
            var standIns = new char[(int)UnicodeCategory.OtherNotAssigned + 1];
            Array.Fill(standIns, '\uFFFE');
            for (var c = '\u0100'; c < '\uFFFE'; c++) standIns[(int)CharUnicodeInfo.GetUnicodeCategory(c)] = c;
            return standIns;
        }
    }
}
