using System.Collections.Immutable;
using System.CommandLine;
using System.CommandLine.Parsing;
using System.Globalization;

namespace Helios.Cli.Options;

/// <summary>Options that take different counts: <c>1,8,32</c>.</summary>
internal static class CountList
{
    public static Option<ImmutableArray<int>?> Option(string name, string description, string example) => new(name)
    {
        Description = description,
        HelpName = example,
        CustomParser = result => Parse(name, result),
    };

    private static ImmutableArray<int>? Parse(string name, ArgumentResult result)
    {
        var text = result.Tokens[0].Value;
        var counts = ImmutableArray.CreateBuilder<int>();
        foreach (var part in text.Split(',', StringSplitOptions.TrimEntries))
        {
            if (!int.TryParse(part, NumberStyles.None, CultureInfo.InvariantCulture, out var count) || count < 1 || counts.Contains(count))
            {
                result.AddError($"{name} is '{text}'; expected different whole numbers from 1 with commas between them: 1,8,32.");
                return null;
            }

            counts.Add(count);
        }

        return counts.ToImmutable();
    }
}
