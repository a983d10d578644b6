using System.CommandLine;
using Helios.Cli.Options;
using Helios.Cli.Output;
using Helios.Sdk;

namespace Helios.Cli.Commands;

/// <summary><c>helios doctor</c>: what an engine finds on this machine, and why it does not find the rest.</summary>
internal sealed class DoctorCommand : Command
{
    public DoctorCommand(GlobalOptions global)
        : base("doctor", "Show what this machine offers: processor, memory, container limits, energy meters, backends.") =>
        SetAction(parsed => Run(Screen.Of(parsed, global)));

    private static int Run(Screen screen)
    {
        var report = HeliosDiagnostics.Probe();
        if (screen.IsJson) screen.Json(report, CliJson.Lines.SystemReport);
        else screen.Show(DoctorTable.Of(report));
        return CliApp.Done;
    }
}
