using System.CommandLine;
using Helios.Cli.Checking;
using Helios.Cli.Errors;
using Helios.Cli.Options;
using Helios.Cli.Output;
using Helios.Cli.Results;
using Helios.Sdk.Diagnostics;

namespace Helios.Cli.Commands;

/// <summary><c>helios doctor</c>: what an engine finds on this machine, and why it does not find the rest.</summary>
internal sealed class DoctorCommand : Command
{
    public DoctorCommand(GlobalOptions global)
        : base("doctor", "Show what this machine offers: processor, memory, container limits, energy meters, backends.")
    {
        Add(new OpenBackendCommand());
        SetAction((parsed, cancellationToken) => RunAsync(Screen.Of(parsed, global), cancellationToken));
    }

    private static async Task<int> RunAsync(Screen screen, CancellationToken cancellationToken)
    {
        var report = HeliosDiagnostics.Probe();
        var checks = await MachineChecks.RunAsync(report, cancellationToken).ConfigureAwait(false);
        if (screen.IsJson) screen.Json(new Examined(report, checks), CliJson.Lines.Examined);
        else screen.Show(DoctorTable.Of(report, checks));
        return ExitCode.Done;
    }
}
