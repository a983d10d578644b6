using System.CommandLine;
using Helios.Cli.Options;
using Helios.Cli.Output;
using Helios.Cli.Running;

namespace Helios.Cli.Commands;

/// <summary><c>helios run</c>: the whole adaptive loop over a file of prompts, or a baseline to compare it with.</summary>
internal sealed class RunCommand : Command
{
    public RunCommand(GlobalOptions global)
        : base("run", "Serve a file of prompts with adaptation, and report the results.")
    {
        var options = new RunOptions();
        options.AddTo(this);
        SetAction((parsed, cancellationToken) =>
            new RunJob(options.Read(parsed), Screen.Of(parsed, global), TimeProvider.System).RunAsync(cancellationToken));
    }
}
