using System.CommandLine;
using Helios.Cli;
using Helios.Cli.Errors;
using Helios.Cli.Options;
using Helios.Cli.Output;
using Helios.ModelBench.Output;
using Helios.Sdk;

namespace Helios.ModelBench.Soaking;

/// <summary><c>soak</c>: an engine under random load for a while; fails when anything leaked or any answer was wrong.</summary>
internal sealed class SoakCommand : Command
{
    private readonly Argument<string[]> models = new("MODEL") { Description = "Folders of models in Hugging Face layout.", Arity = ArgumentArity.OneOrMore };
    private readonly Option<double> minutes = new("--minutes") { Description = "How long requests are made.", HelpName = "M", DefaultValueFactory = _ => 10 };
    private readonly Option<int> clients = new("--clients") { Description = "Requests at once.", HelpName = "N", DefaultValueFactory = _ => 32 };
    private readonly Option<int> check = new("--check") { Description = "Most answers that are compared with the same request alone; a random sample when there are more.", HelpName = "N", DefaultValueFactory = _ => 1000 };
    private readonly Option<int> seed = new("--seed") { Description = "Seed of the requests.", HelpName = "N" };
    private readonly DeviceOptions device = new();

    public SoakCommand(GlobalOptions global)
        : base("soak", "Load an engine with random requests, cancellations and changes of the active point; fail when anything leaked or any answer was wrong.")
    {
        Add(models);
        foreach (var option in (Option[])[minutes, clients, check, seed]) Add(option);
        device.AddTo(this);
        minutes.MustBe(value => value > 0 && value <= 24 * 60, "above 0 and at most a day");
        clients.MustBe(value => value >= 1, "at least 1");
        check.MustBe(value => value >= 1, "at least 1");
        SetAction((parsed, cancellationToken) => RunAsync(Screen.Of(parsed, global), Read(parsed), cancellationToken));
    }

    private static async Task<int> RunAsync(Screen screen, SoakSettings settings, CancellationToken cancellationToken)
    {
        var result = await new SoakJob(settings, TimeProvider.System).RunAsync(cancellationToken).ConfigureAwait(false);
        if (screen.IsJson) screen.Json(result, BenchJson.Lines.SoakBenched);
        else screen.Show(SoakTables.Of(result));
        return result.Wrong.IsEmpty ? ExitCode.Done : throw new HeliosException($"The soak failed: {string.Join("; ", result.Wrong)}.");
    }

    private SoakSettings Read(ParseResult parsed) => new(
        parsed.GetRequiredValue(models),
        TimeSpan.FromMinutes(parsed.GetValue(minutes)),
        parsed.GetValue(clients),
        parsed.GetValue(check),
        parsed.GetValue(seed),
        device.Read(parsed));
}
