using System.CommandLine;
using System.Text;
using Helios.Cli.Errors;
using Helios.Cli.Events;
using Helios.Cli.Options;
using Helios.Cli.Output;
using Helios.Cli.Results;
using Helios.Cli.Running;
using Helios.Cli.Simulating;
using Helios.Sdk;
using Helios.Sdk.Checkpoints;
using Helios.Sdk.Naming;
using Helios.Sdk.Simulation;

namespace Helios.Cli.Commands;

/// <summary><c>helios simulate</c>: the adaptation loop over a scripted world, beside every point that never changes.</summary>
internal sealed class SimulateCommand : Command
{
    private readonly Argument<string> path = new("SCRIPT") { Description = "JSON file: models, their costs and exits, and the traffic. See samples/simulations." };
    private readonly Option<string> objective = new("--objective") { Description = "What \"best\" means.", HelpName = "O", DefaultValueFactory = _ => "throughput" };
    private readonly Option<int> seed = new("--seed") { Description = "Seed of the traffic.", HelpName = "N" };
    private readonly Option<int?> requests = new("--requests") { Description = "Total requests, with the phases in proportion; the script's number by default.", HelpName = "N" };
    private readonly Option<int> repeat = new("--repeat") { Description = "Repeats the script's phases this many times.", HelpName = "N", DefaultValueFactory = _ => 1 };
    private readonly Option<string?> svg = new("--svg") { Description = "Draws the run.", HelpName = "FILE" };
    private readonly Option<bool> compare = new("--compare") { Description = "Also serves the same traffic with every fixed point." };
    private readonly Option<string?> reassess = EngineOptions.Create("--reassess", "N");
    private readonly Option<string?> confidence = EngineOptions.Create("--confidence-target", "P");
    private readonly Option<bool> whole = new("--no-partial-loads") { Description = "Serves models only at full depth." };
    private readonly Option<string[]> only = new("--model") { Description = "Uses only these models of the script.", HelpName = "NAME" };

    public SimulateCommand(GlobalOptions global)
        : base("simulate", "Simulate serving and adaptation over scripted models and traffic.")
    {
        Add(path);
        foreach (var option in (Option[])[objective, seed, requests, repeat, svg, compare, reassess, confidence, whole, only]) Add(option);
        requests.MustBe(value => value >= 1, "at least 1");
        repeat.MustBe(value => value >= 1, "at least 1");
        SetAction((parsed, cancellationToken) => Task.FromResult(Run(parsed, Screen.Of(parsed, global), cancellationToken)));
    }

    private int Run(ParseResult parsed, Screen screen, CancellationToken cancellationToken)
    {
        if (parsed.GetValue(svg) is { } picture) RefuseOther(picture);
        var script = Script(parsed);
        var simulator = new Simulator(script, Settings(parsed));
        var compared = parsed.GetValue(compare) ? simulator.Compare(parsed.GetValue(seed), Show, cancellationToken) : null;
        var report = compared?.Adaptive ?? simulator.Run(parsed.GetValue(seed), Show, cancellationToken);
        if (screen.IsJson) screen.Json(SimulationSummary.Of(report, compared), CliJson.Lines.SimulationSummary);
        else SimulationTables.Show(screen, report, compared);

        if (parsed.GetValue(svg) is { } file) WholeFile.Write(file, stream => stream.Write(Encoding.UTF8.GetBytes(SimulationSvg.Draw(script, report))));
        return ExitCode.Done;

        void Show(AdaptationEvent happened) => SimulateCommand.Show(screen, happened);
    }

    /// <summary>A picture is drawn over; any other file is left alone.</summary>
    private static void RefuseOther(string file)
    {
        if (!File.Exists(file) || WholeFile.IsEmpty(file)) return;
        var start = new char["<svg".Length];
        using var reader = File.OpenText(file);
        if (reader.ReadBlock(start) < start.Length || !start.AsSpan().SequenceEqual("<svg"))
            throw new FileException($"--svg is '{file}', which exists and is not a picture, so it is not overwritten: name another file, or remove it.");
    }

    private SimulationScript Script(ParseResult parsed)
    {
        var file = parsed.GetRequiredValue(path);
        if (!File.Exists(file)) throw new FileException($"There is no file '{file}'.");
        var script = SimulationScript.Load(file);
        if (parsed.GetValue(only) is { Length: > 0 } names)
        {
            foreach (var name in names)
            {
                if (script.Models.All(model => !Names.Same(model.Name, name))) throw new UsageException($"--model is '{name}'; the script has {string.Join(", ", script.Models.Select(model => model.Name))}.{NearMiss.Ask(name, script.Models.Select(model => model.Name))}");
            }

            script = script with { Models = [.. script.Models.Where(model => names.Contains(model.Name, StringComparer.OrdinalIgnoreCase))] };
        }

        script = script.Repeat(parsed.GetValue(repeat));
        return parsed.GetValue(requests) is { } wanted ? script.WithRequests(wanted) : script;
    }

    private SimulationSettings Settings(ParseResult parsed)
    {
        var options = new HeliosOptions { Adaptation = { Objective = parsed.GetRequiredValue(objective), LoadPartially = !parsed.GetValue(whole) } };
        EngineOptions.Apply(parsed, [reassess, confidence], options);
        return new SimulationSettings { Adaptation = options.Adaptation };
    }

    /// <summary>Events as in <c>run</c>, at simulated times.</summary>
    private static void Show(Screen screen, AdaptationEvent happened)
    {
        if (EventLineFactory.Of(happened, (happened.At - Simulator.Start).TotalMilliseconds) is not { } line) return;
        if (!screen.IsJson)
        {
            if (RunTables.Markup(line) is { } markup) screen.ShowLine(markup);
            return;
        }

        switch (line)
        {
            case EvaluatedLine evaluated: screen.Json(evaluated, CliJson.Lines.EvaluatedLine); break;
            case DecisionLine decision: screen.Json(decision, CliJson.Lines.DecisionLine); break;
            case LoadLine load: screen.Json(load, CliJson.Lines.LoadLine); break;
            case BreachLine breach: screen.Json(breach, CliJson.Lines.BreachLine); break;
        }
    }
}
