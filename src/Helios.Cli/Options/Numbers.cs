using System.CommandLine;
using System.CommandLine.Parsing;
using System.Globalization;
using System.Numerics;

namespace Helios.Cli.Options;

/// <summary>
/// Numbers of the command line: with a decimal point, without group separators, alike in every culture. The parser's own conversion
/// takes a comma for a group separator, so that <c>0,7</c> would pass for 7.
/// </summary>
internal static class Numbers
{
    /// <summary>Makes every numeric option of a command, and of the commands below it, read its value this way.</summary>
    public static void ReadStrictly(Command command)
    {
        foreach (var option in command.Options) ReadStrictly(option);
        foreach (var inner in command.Subcommands) ReadStrictly(inner);
    }

    private static void ReadStrictly(Option option)
    {
        switch (option)
        {
            case Option<int> whole: whole.CustomParser = One<int>; break;
            case Option<int?> whole: whole.CustomParser = result => One<int>(result); break;
            case Option<int[]> wholes: wholes.CustomParser = All<int>; break;
            case Option<long?> { CustomParser: null } whole: whole.CustomParser = result => One<long>(result); break;
            case Option<float> number: number.CustomParser = One<float>; break;
            case Option<float?> number: number.CustomParser = result => One<float>(result); break;
            case Option<double> number: number.CustomParser = One<double>; break;
            case Option<double?> number: number.CustomParser = result => One<double>(result); break;
        }
    }

    private static T One<T>(ArgumentResult result)
        where T : struct, INumber<T> => Read<T>(result, result.Tokens[0].Value);

    private static T[] All<T>(ArgumentResult result)
        where T : struct, INumber<T> => [.. result.Tokens.Select(token => Read<T>(result, token.Value))];

    private static T Read<T>(ArgumentResult result, string text)
        where T : struct, INumber<T>
    {
        var isWhole = typeof(T) == typeof(int) || typeof(T) == typeof(long);
        var styles = NumberStyles.AllowLeadingSign | (isWhole ? NumberStyles.None : NumberStyles.AllowDecimalPoint | NumberStyles.AllowExponent);
        if (T.TryParse(text, styles, CultureInfo.InvariantCulture, out var value) && T.IsFinite(value)) return value;
        result.AddError($"{((OptionResult)result.Parent!).Option.Name} is '{text}'; expected a {(isWhole ? "whole number" : "number")}{Hint(text, isWhole)}.");
        return default;
    }

    private static string Hint(string text, bool isWhole) =>
        !text.Contains(',', StringComparison.Ordinal) ? "" : isWhole ? ", without commas" : ", with a point and no comma";
}
