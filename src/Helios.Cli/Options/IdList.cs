using System.Collections.Immutable;
using System.CommandLine;
using System.CommandLine.Parsing;
using System.Globalization;

namespace Helios.Cli.Options;

/// <summary>Options that take token ids: <c>1,2,3</c>.</summary>
internal static class IdList
{
    public static Option<ImmutableArray<int>?> Option(string name, string description) => new(name)
    {
        Description = description,
        HelpName = "1,2,3",
        CustomParser = Parse,
    };

    private static ImmutableArray<int>? Parse(ArgumentResult result)
    {
        var text = result.Tokens[0].Value;
        var ids = ImmutableArray.CreateBuilder<int>();
        foreach (var part in text.Split(',', StringSplitOptions.TrimEntries))
        {
            if (!int.TryParse(part, NumberStyles.None, CultureInfo.InvariantCulture, out var id))
            {
                result.AddError($"'{text}' is not a list of token ids; expected whole numbers from 0 with commas between them: 1,2,3.");
                return null;
            }

            ids.Add(id);
        }

        return ids.ToImmutable();
    }
}
