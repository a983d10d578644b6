using System.CommandLine;
using Helios.Cli;
using Helios.Cli.Errors;
using Helios.Cli.Options;
using Helios.Cli.Output;
using Helios.ModelBench.Output;
using Helios.Sdk;

namespace Helios.ModelBench.Endurance;

/// <summary><c>endurance</c>: an engine over scripted models under very many requests, faults and changes; fails when one was lost or wrong, or memory grew.</summary>
internal sealed class EnduranceCommand : Command
{
    private readonly Option<long> requests = new("--requests") { Description = "Requests in all.", HelpName = "N", DefaultValueFactory = _ => 1_000_000 };
    private readonly Option<int> clients = new("--clients") { Description = "Requests at once.", HelpName = "N", DefaultValueFactory = _ => 256 };
    private readonly Option<int> seed = new("--seed") { Description = "Seed of everything random.", HelpName = "N", DefaultValueFactory = _ => 1 };

    public EnduranceCommand(GlobalOptions global)
        : base("endurance", "Send very many requests to an engine over scripted models, with cancellations, faults of loads and memory, and changes of floors and budget; fail when a request is lost or an answer wrong, or when memory grows.")
    {
        foreach (var option in (Option[])[requests, clients, seed]) Add(option);
        requests.MustBe(value => value >= 1, "at least 1");
        clients.MustBe(value => value >= 1, "at least 1");
        SetAction((parsed, cancellationToken) => RunAsync(Screen.Of(parsed, global), new EnduranceSettings(parsed.GetValue(requests), parsed.GetValue(clients), parsed.GetValue(seed)), cancellationToken));
    }

    private static async Task<int> RunAsync(Screen screen, EnduranceSettings settings, CancellationToken cancellationToken)
    {
        var result = await new EnduranceJob(settings, TimeProvider.System).RunAsync(cancellationToken).ConfigureAwait(false);
        if (screen.IsJson) screen.Json(result, BenchJson.Lines.EnduranceBenched);
        else screen.Show(EnduranceTables.Of(result));
        return result.Wrong.IsEmpty ? ExitCode.Done : throw new HeliosException($"The run failed: {string.Join("; ", result.Wrong)}.");
    }
}
