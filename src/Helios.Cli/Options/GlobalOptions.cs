using System.CommandLine;

namespace Helios.Cli.Options;

/// <summary>Options that every command has.</summary>
internal sealed class GlobalOptions
{
    private readonly Option<bool> json = new("--json")
    {
        Description = "Print only JSON on standard output.",
        Recursive = true,
    };

    private readonly Option<bool> verbose = new("--verbose")
    {
        Description = "Print the full error with its stack trace if a command fails.",
        Recursive = true,
    };

    public void AddTo(Command root)
    {
        root.Add(json);
        root.Add(verbose);
    }

    public bool IsJson(ParseResult parsed) => parsed.GetValue(json);

    public bool IsVerbose(ParseResult parsed) => parsed.GetValue(verbose);
}
