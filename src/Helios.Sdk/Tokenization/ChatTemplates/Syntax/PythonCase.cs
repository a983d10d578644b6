using System.Buffers;
using System.Collections.Frozen;
using System.Globalization;
using System.Text;
using Helios.Sdk.Tokenization.ChatTemplates.Values;
using Helios.Sdk.Tokenization.Normalizers;

namespace Helios.Sdk.Tokenization.ChatTemplates.Syntax;

/// <summary>
/// Case as Python's <c>str</c> has it: Unicode's full mappings, by which a character may become several (<c>ß</c>, <c>SS</c>), title case
/// beside upper case (<c>ǆ</c>, <c>ǅ</c>), and a sigma that ends a word.
/// </summary>
internal static class PythonCase
{
    /// <summary>Characters whose upper or title case is not what <see cref="UnicodeCase"/> says: character, upper case, and title case where it differs.</summary>
    private const string SpecialCases =
        "ß SS Ss; ı I; ŉ ʼN; ſ S; Ǆ Ǆ ǅ; ǅ Ǆ ǅ; ǆ Ǆ ǅ; Ǉ Ǉ ǈ; ǈ Ǉ ǈ; ǉ Ǉ ǈ; Ǌ Ǌ ǋ; ǋ Ǌ ǋ; ǌ Ǌ ǋ; ǰ J\u030c; Ǳ Ǳ ǲ; ǲ Ǳ ǲ; ǳ Ǳ ǲ; ΐ Ι\u0308\u0301; "
        + "ΰ Υ\u0308\u0301; և ԵՒ Եւ; ẖ H\u0331; ẗ T\u0308; ẘ W\u030a; ẙ Y\u030a; ẚ Aʾ; ὐ Υ\u0313; ὒ Υ\u0313\u0300; ὔ Υ\u0313\u0301; ὖ Υ\u0313\u0342; ᾀ ἈΙ ᾈ; "
        + "ᾁ ἉΙ ᾉ; ᾂ ἊΙ ᾊ; ᾃ ἋΙ ᾋ; ᾄ ἌΙ ᾌ; ᾅ ἍΙ ᾍ; ᾆ ἎΙ ᾎ; ᾇ ἏΙ ᾏ; ᾈ ἈΙ ᾈ; ᾉ ἉΙ ᾉ; ᾊ ἊΙ ᾊ; ᾋ ἋΙ ᾋ; ᾌ ἌΙ ᾌ; ᾍ ἍΙ ᾍ; ᾎ ἎΙ ᾎ; ᾏ ἏΙ ᾏ; ᾐ ἨΙ ᾘ; ᾑ ἩΙ ᾙ; ᾒ ἪΙ ᾚ; "
        + "ᾓ ἫΙ ᾛ; ᾔ ἬΙ ᾜ; ᾕ ἭΙ ᾝ; ᾖ ἮΙ ᾞ; ᾗ ἯΙ ᾟ; ᾘ ἨΙ ᾘ; ᾙ ἩΙ ᾙ; ᾚ ἪΙ ᾚ; ᾛ ἫΙ ᾛ; ᾜ ἬΙ ᾜ; ᾝ ἭΙ ᾝ; ᾞ ἮΙ ᾞ; ᾟ ἯΙ ᾟ; ᾠ ὨΙ ᾨ; ᾡ ὩΙ ᾩ; ᾢ ὪΙ ᾪ; ᾣ ὫΙ ᾫ; ᾤ ὬΙ ᾬ; "
        + "ᾥ ὭΙ ᾭ; ᾦ ὮΙ ᾮ; ᾧ ὯΙ ᾯ; ᾨ ὨΙ ᾨ; ᾩ ὩΙ ᾩ; ᾪ ὪΙ ᾪ; ᾫ ὫΙ ᾫ; ᾬ ὬΙ ᾬ; ᾭ ὭΙ ᾭ; ᾮ ὮΙ ᾮ; ᾯ ὯΙ ᾯ; ᾲ ᾺΙ Ὰ\u0345; ᾳ ΑΙ ᾼ; ᾴ ΆΙ Ά\u0345; ᾶ Α\u0342; "
        + "ᾷ Α\u0342Ι Α\u0342\u0345; ᾼ ΑΙ ᾼ; ῂ ῊΙ Ὴ\u0345; ῃ ΗΙ ῌ; ῄ ΉΙ Ή\u0345; ῆ Η\u0342; ῇ Η\u0342Ι Η\u0342\u0345; ῌ ΗΙ ῌ; ῒ Ι\u0308\u0300; ΐ Ι\u0308\u0301; "
        + "ῖ Ι\u0342; ῗ Ι\u0308\u0342; ῢ Υ\u0308\u0300; ΰ Υ\u0308\u0301; ῤ Ρ\u0313; ῦ Υ\u0342; ῧ Υ\u0308\u0342; ῲ ῺΙ Ὼ\u0345; ῳ ΩΙ ῼ; ῴ ΏΙ Ώ\u0345; ῶ Ω\u0342; "
        + "ῷ Ω\u0342Ι Ω\u0342\u0345; ῼ ΩΙ ῼ; ﬀ FF Ff; ﬁ FI Fi; ﬂ FL Fl; ﬃ FFI Ffi; ﬄ FFL Ffl; ﬅ ST St; ﬆ ST St; ﬓ ՄՆ Մն; ﬔ ՄԵ Մե; ﬕ ՄԻ Մի; ﬖ ՎՆ Վն; ﬗ ՄԽ Մխ; ";

    private static readonly FrozenDictionary<int, (string Upper, string Title)> Special = ReadSpecialCases();

    /// <summary>Cased characters (Unicode's Other_Lowercase and Other_Uppercase) that have no other case: first and last of each range.</summary>
    private static readonly (int First, int Last)[] CasedForGood =
    [
        (0xAA, 0xAA), (0xBA, 0xBA), (0x2B0, 0x2B8), (0x2C0, 0x2C1), (0x2E0, 0x2E4), (0x37A, 0x37A), (0x1D2C, 0x1D6A), (0x1D78, 0x1D78), (0x1D9B, 0x1DBF),
        (0x2071, 0x2071), (0x207F, 0x207F), (0x2090, 0x209C), (0x2C7C, 0x2C7D), (0xA69C, 0xA69D), (0xA770, 0xA770), (0xA7F8, 0xA7F9), (0xAB5C, 0xAB5F),
        (0x10780, 0x10780), (0x10783, 0x10785), (0x10787, 0x107B0), (0x107B2, 0x107BA), (0x1F130, 0x1F149), (0x1F150, 0x1F169), (0x1F170, 0x1F189),
    ];

    /// <summary>Unicode's Case_Ignorable that no category gives.</summary>
    private static readonly SearchValues<char> Ignorable = SearchValues.Create("'.:\u00b7\u0387\u055f\u05f4\u2018\u2019\u2024\u2027\ufe13\ufe52\ufe55\uff07\uff0e\uff1a");

    public static string Upper(ReadOnlySpan<char> text, ExecutionMeter meter)
    {
        var mapped = Builder(text, meter);
        for (var at = 0; at < text.Length;) at += Scanned(AppendUpper(mapped, text, at, asTitle: false), meter);
        return mapped.ToString();
    }

    public static string Lower(ReadOnlySpan<char> text, ExecutionMeter meter)
    {
        var mapped = Builder(text, meter);
        for (var at = 0; at < text.Length;) at += Scanned(AppendLower(mapped, text, at), meter);
        return mapped.ToString();
    }

    /// <summary>The first character in title case, all others in lower case.</summary>
    public static string Capitalize(ReadOnlySpan<char> text, ExecutionMeter meter)
    {
        var mapped = Builder(text, meter);
        for (var at = 0; at < text.Length;) at += Scanned(at == 0 ? AppendUpper(mapped, text, at, asTitle: true) : AppendLower(mapped, text, at), meter);
        return mapped.ToString();
    }

    /// <summary>What follows a cased character in lower case, all others in title case: an apostrophe begins a word.</summary>
    public static string Title(ReadOnlySpan<char> text, ExecutionMeter meter)
    {
        var mapped = Builder(text, meter);
        var inWord = false;
        for (var at = 0; at < text.Length;)
        {
            var isCased = Read(text[at..], out _) is { } rune && IsCased(rune);
            at += Scanned(inWord ? AppendLower(mapped, text, at) : AppendUpper(mapped, text, at, asTitle: true), meter);
            inWord = isCased;
        }

        return mapped.ToString();
    }

    /// <summary>Whether there are cased characters, and all of them are in lower case.</summary>
    public static bool IsLower(string text, ExecutionMeter meter) => IsInCase(text, isUpper: false, meter);

    /// <summary>Whether there are cased characters, and all of them are in upper case.</summary>
    public static bool IsUpper(string text, ExecutionMeter meter) => IsInCase(text, isUpper: true, meter);

    /// <summary>Room for the text, its mapping, and the copy of that.</summary>
    private static StringBuilder Builder(ReadOnlySpan<char> text, ExecutionMeter meter)
    {
        meter.AllocateText(4L * text.Length);
        meter.Allocate(TemplateLimits.ValueBytes);
        return new StringBuilder(text.Length);
    }

    /// <summary>A character takes some ten times as long as one that is copied, in which few pass the meter at once.</summary>
    private static int Scanned(int length, ExecutionMeter meter)
    {
        meter.Scan(2 * length);
        return length;
    }

    private static bool IsInCase(string text, bool isUpper, ExecutionMeter meter)
    {
        var found = false;
        foreach (var rune in text.EnumerateRunes())
        {
            Scanned(rune.Utf16SequenceLength, meter);
            if (!IsCased(rune)) continue;
            found = true;
            if (IsUpper(rune) != isUpper || Rune.GetUnicodeCategory(rune) == UnicodeCategory.TitlecaseLetter) return false;
        }

        return found;
    }

    /// <summary>Of a cased character.</summary>
    private static bool IsUpper(Rune rune) => Rune.GetUnicodeCategory(rune) switch
    {
        UnicodeCategory.UppercaseLetter => true,
        UnicodeCategory.LetterNumber => rune.Value is >= 0x2160 and <= 0x216F,
        UnicodeCategory.OtherSymbol => rune.Value is (>= 0x24B6 and <= 0x24CF) or >= 0x1F130,
        _ => false,
    };

    private static bool IsCased(Rune rune) =>
        Rune.GetUnicodeCategory(rune) is UnicodeCategory.UppercaseLetter or UnicodeCategory.LowercaseLetter or UnicodeCategory.TitlecaseLetter
        || UnicodeCase.ToUpper(rune) != rune || UnicodeCase.ToLower(rune) != rune
        || IsCasedForGood(rune.Value);

    private static bool IsCasedForGood(int character)
    {
        foreach (var (first, last) in CasedForGood)
        {
            if (character >= first && character <= last) return true;
        }

        return false;
    }

    private static int AppendUpper(StringBuilder mapped, ReadOnlySpan<char> text, int at, bool asTitle)
    {
        if (Read(text[at..], out var length) is not { } rune) mapped.Append(text[at]);
        else if (Special.TryGetValue(rune.Value, out var special)) mapped.Append(asTitle ? special.Title : special.Upper);
        else if (asTitle && rune.Value is >= 0x10D0 and <= 0x10FF) mapped.Append(text[at]); // Georgian has upper case, and no title case
        else Append(mapped, UnicodeCase.ToUpper(rune));
        return length;
    }

    private static int AppendLower(StringBuilder mapped, ReadOnlySpan<char> text, int at)
    {
        if (Read(text[at..], out var length) is not { } rune) mapped.Append(text[at]);
        else if (rune.Value == 'Σ') mapped.Append(EndsWord(text, at) ? 'ς' : 'σ');
        else if (rune.Value == 'İ') mapped.Append("i\u0307");
        else Append(mapped, UnicodeCase.ToLower(rune));
        return length;
    }

    private static void Append(StringBuilder mapped, Rune rune)
    {
        Span<char> units = stackalloc char[2];
        mapped.Append(units[..rune.EncodeToUtf16(units)]);
    }

    /// <summary>Unicode's Final_Sigma: behind a cased character and before none, over what has no say in case.</summary>
    private static bool EndsWord(ReadOnlySpan<char> text, int sigma)
    {
        var before = text[..sigma];
        while (!before.IsEmpty && ReadLast(before, out var length) is { } rune)
        {
            before = before[..^length];
            if (IsIgnorable(rune)) continue;
            return IsCased(rune) && !IsBeforeCased(text[(sigma + 1)..]);
        }

        return false;
    }

    private static bool IsBeforeCased(ReadOnlySpan<char> text)
    {
        while (!text.IsEmpty && Read(text, out var length) is { } rune)
        {
            if (!IsIgnorable(rune)) return IsCased(rune);
            text = text[length..];
        }

        return false;
    }

    private static bool IsIgnorable(Rune rune) =>
        Rune.GetUnicodeCategory(rune) is UnicodeCategory.NonSpacingMark or UnicodeCategory.EnclosingMark or UnicodeCategory.Format or UnicodeCategory.ModifierLetter or UnicodeCategory.ModifierSymbol
        || (rune.IsBmp && Ignorable.Contains((char)rune.Value));

    /// <summary>The first character; null for half a surrogate pair, which has no case.</summary>
    private static Rune? Read(ReadOnlySpan<char> text, out int length) =>
        Rune.DecodeFromUtf16(text, out var rune, out length) == OperationStatus.Done ? rune : null;

    private static Rune? ReadLast(ReadOnlySpan<char> text, out int length) =>
        Rune.DecodeLastFromUtf16(text, out var rune, out length) == OperationStatus.Done ? rune : null;

    private static FrozenDictionary<int, (string Upper, string Title)> ReadSpecialCases() =>
        SpecialCases.Split("; ", StringSplitOptions.RemoveEmptyEntries)
            .Select(entry => entry.Split(' '))
            .ToFrozenDictionary(entry => (int)entry[0][0], entry => (entry[1], entry[^1]));
}
