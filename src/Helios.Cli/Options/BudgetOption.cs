using System.CommandLine;
using System.CommandLine.Parsing;
using Helios.Sdk.Quantities;

namespace Helios.Cli.Options;

/// <summary><c>--budget</c>: an amount of memory.</summary>
internal static class BudgetOption
{
    public static Option<long?> Create(string description) => new("--budget") { Description = description, HelpName = "2GiB", CustomParser = Parse };

    private static long? Parse(ArgumentResult result)
    {
        var text = result.Tokens[0].Value;
        if (ByteSize.TryParse(text, out var bytes)) return bytes;
        result.AddError($"--budget is '{text}'; expected {ByteSize.Expected}.");
        return null;
    }
}
