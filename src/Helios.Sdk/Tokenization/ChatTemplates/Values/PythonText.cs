using System.Globalization;
using System.Text;

namespace Helios.Sdk.Tokenization.ChatTemplates.Values;

/// <summary>What Python says of characters and numbers where .NET says otherwise.</summary>
internal static class PythonText
{
    public static bool IsSpace(Rune rune) => rune.IsBmp && IsSpace((char)rune.Value);

    public static bool IsSpace(char c) => char.IsWhiteSpace(c) || c is >= '\u001c' and <= '\u001f';

    /// <summary>Whether <c>repr</c> writes a character as it is.</summary>
    public static bool IsPrintable(Rune rune) => rune.Value == ' ' || Rune.GetUnicodeCategory(rune) is not (
        UnicodeCategory.Control or UnicodeCategory.Format or UnicodeCategory.Surrogate or UnicodeCategory.PrivateUse or UnicodeCategory.OtherNotAssigned
        or UnicodeCategory.LineSeparator or UnicodeCategory.ParagraphSeparator or UnicodeCategory.SpaceSeparator);

    /// <summary><c>str.isalpha</c>.</summary>
    public static bool IsAlpha(Rune rune) => Rune.IsLetter(rune);

    /// <summary><c>str.isdigit</c>: a superscript is a digit too.</summary>
    public static bool IsDigit(Rune rune) => (rune.IsBmp ? CharUnicodeInfo.GetDigitValue((char)rune.Value) : CharUnicodeInfo.GetDigitValue(rune.ToString(), 0)) >= 0;

    /// <summary><c>str.isalnum</c>: whatever has a numeric value is a number.</summary>
    public static bool IsAlphanumeric(Rune rune) => Rune.IsLetter(rune) || Rune.GetNumericValue(rune) is not -1;

    /// <summary>Most characters of a numeral: what Python reads as one.</summary>
    public const int LongestNumeral = 4300;

    /// <summary>Decimals beyond which no number lies exactly in the middle of two, as far as doubles go.</summary>
    private const int MostDecimals = 50;

    /// <summary>Reads what <c>int</c> reads; false also for what 64 bits do not hold.</summary>
    public static bool TryInt(string text, out long number)
    {
        number = 0;
        return Plain(text) is { } plain && long.TryParse(plain, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out number);
    }

    /// <summary>Reads what <c>float</c> reads: no group separators, but underscores between digits.</summary>
    public static bool TryFloat(string text, out double number)
    {
        number = 0;
        if (Plain(text) is not { } plain) return false;
        var named = plain.TrimStart('+', '-').ToUpperInvariant();
        if (named is "INF" or "INFINITY" or "NAN")
        {
            number = named == "NAN" ? double.NaN : plain[0] == '-' ? double.NegativeInfinity : double.PositiveInfinity;
            return plain.Length - named.Length <= 1;
        }

        const NumberStyles Styles = NumberStyles.AllowLeadingSign | NumberStyles.AllowDecimalPoint | NumberStyles.AllowExponent;
        return double.TryParse(plain, Styles, CultureInfo.InvariantCulture, out number);
    }

    /// <summary>A numeral with its digits in ASCII, without white space around it and underscores between digits; null where an underscore stands elsewhere.</summary>
    private static string? Plain(string text)
    {
        var (start, end) = (0, text.Length);
        while (start < end && IsSpace(text[start])) start++;
        while (end > start && IsSpace(text[end - 1])) end--;
        if (end - start > LongestNumeral) return null;
        var plain = new StringBuilder(end - start);
        var (wasDigit, wasUnderscore) = (false, false);
        foreach (var rune in text.AsSpan(start, end - start).EnumerateRunes())
        {
            var digit = rune.IsBmp ? CharUnicodeInfo.GetDecimalDigitValue((char)rune.Value) : CharUnicodeInfo.GetDecimalDigitValue(rune.ToString(), 0);
            if (wasUnderscore && digit < 0) return null;
            wasUnderscore = rune.Value == '_';
            if (wasUnderscore && !wasDigit) return null;
            wasDigit = digit >= 0;
            if (wasDigit) plain.Append((char)('0' + digit));
            else if (!wasUnderscore) plain.Append(rune.IsBmp ? (char)rune.Value : 'x'); // no numeral has another character beyond these
        }

        return wasUnderscore ? null : plain.ToString();
    }

    public static bool IsDigit(char c) => c is >= '0' and <= '9';

    public static bool IsNameStart(char c) => c == '_' || char.IsLetter(c);

    public static bool IsNamePart(char c) => c == '_' || char.IsLetterOrDigit(c);

    /// <summary>A number as <c>repr</c> writes it: the shortest digits that give it back.</summary>
    public static string Format(double number)
    {
        if (double.IsNaN(number)) return "nan";
        if (double.IsInfinity(number)) return number > 0 ? "inf" : "-inf";
        var text = number.ToString("R", CultureInfo.InvariantCulture);
        var size = Math.Abs(number);
        if (size == 0 || (size >= 1e-4 && size < 1e16))
        {
            // "R" turns to exponents at 1e15 and below 1e-5, Python at 1e16 and below 1e-4: between them, decimals say it exactly.
            if (text.Contains('E', StringComparison.Ordinal)) text = ((decimal)number).ToString(CultureInfo.InvariantCulture);
            return text.Contains('.', StringComparison.Ordinal) ? text : text + ".0";
        }

        var e = text.IndexOf('E', StringComparison.Ordinal);
        if (e < 0) text = number.ToString("0.################E+00", CultureInfo.InvariantCulture);
        e = text.IndexOf('E', StringComparison.Ordinal);
        var digits = text.AsSpan(e + 2).TrimStart('0');
        return $"{text.AsSpan(0, e)}e{text[e + 1]}{(digits.Length < 2 ? digits.ToString().PadLeft(2, '0') : digits.ToString())}";
    }

    /// <summary>A number with so many decimals; what lies in the middle goes to the even digit, which .NET rounds away from zero.</summary>
    public static string Fixed(double number, int decimals, bool grouped = false)
    {
        var form = grouped ? 'N' : 'F';
        var rounded = number.ToString(Invariant($"{form}{decimals}"), CultureInfo.InvariantCulture);
        if (decimals > MostDecimals || !double.IsInteger(Math.ScaleB(number, decimals + 1))) return rounded;
        var exact = number.ToString(Invariant($"{form}{decimals + 1}"), CultureInfo.InvariantCulture);
        if (exact[^1] != '5') return rounded;
        var below = exact[..^1].TrimEnd('.');
        return (below[^1] - '0') % 2 == 0 ? below : rounded;
    }

    /// <summary>Resolves the escapes of a string literal; one that Python does not know stays as it is. Null for a malformed one.</summary>
    public static string? Unescape(ReadOnlySpan<char> literal)
    {
        if (!literal.Contains('\\')) return literal.ToString();
        var text = new StringBuilder(literal.Length);
        for (var i = 0; i < literal.Length; i++)
        {
            if (literal[i] != '\\' || i + 1 == literal.Length)
            {
                text.Append(literal[i]);
                continue;
            }

            var escape = literal[++i];
            switch (escape)
            {
                case '\n': break;
                case 'n': text.Append('\n'); break;
                case 't': text.Append('\t'); break;
                case 'r': text.Append('\r'); break;
                case 'a': text.Append('\a'); break;
                case 'b': text.Append('\b'); break;
                case 'f': text.Append('\f'); break;
                case 'v': text.Append('\v'); break;
                case '\\' or '\'' or '"': text.Append(escape); break;
                case >= '0' and <= '7':
                    var octal = 0;
                    var end = Math.Min(i + 3, literal.Length);
                    for (; i < end && literal[i] is >= '0' and <= '7'; i++) octal = (octal * 8) + (literal[i] - '0');
                    text.Append((char)octal);
                    i--;
                    break;
                case 'x' or 'u' or 'U':
                    var count = escape switch { 'x' => 2, 'u' => 4, _ => 8 };
                    if (i + count >= literal.Length) return null;
                    if (!uint.TryParse(literal.Slice(i + 1, count), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out var code) || code > 0x10FFFF) return null;
                    if (Rune.IsValid(code)) text.Append(new Rune(code).ToString());
                    else text.Append((char)code);
                    i += count;
                    break;
                default:
                    text.Append('\\').Append(escape);
                    break;
            }
        }

        return text.ToString();
    }
}
