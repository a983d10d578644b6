using System.Globalization;
using System.Text;

namespace Helios.Sdk.Tokenization.ChatTemplates.Syntax;

/// <summary>What Python says of characters and numbers where .NET says otherwise.</summary>
internal static class PythonText
{
    public static bool IsSpace(char c) => char.IsWhiteSpace(c) || c is >= '\u001c' and <= '\u001f';

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
