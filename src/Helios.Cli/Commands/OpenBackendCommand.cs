using System.CommandLine;
using Helios.Cli.Checking;
using Helios.Cli.Errors;
using Helios.Cli.Options;
using Helios.Sdk.Backends;

namespace Helios.Cli.Commands;

/// <summary>
/// <c>helios doctor open</c>, hidden: opens a backend and says on which device, or fails as any command does that runs a model.
/// </summary>
internal sealed class OpenBackendCommand : Command
{
    private readonly BackendOptions backend = new();

    public OpenBackendCommand()
        : base(BackendOpening.CommandName, "Open a backend and print its device.")
    {
        Hidden = true;
        backend.AddTo(this);
        SetAction(parsed =>
        {
            using var opened = backend.Read(parsed).Create();
            parsed.InvocationConfiguration.Output.WriteLine(opened.Device.Description);
            return ExitCode.Done;
        });
    }
}
