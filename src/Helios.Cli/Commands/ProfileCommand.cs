using System.CommandLine;
using Helios.Cli.Engines;
using Helios.Cli.Errors;
using Helios.Cli.Events;
using Helios.Cli.Files;
using Helios.Cli.Options;
using Helios.Cli.Output;
using Helios.Cli.Results;
using Helios.Sdk;

namespace Helios.Cli.Commands;

/// <summary><c>helios profile</c>: models measured on this device and on some texts, written as a model repository.</summary>
internal sealed class ProfileCommand : Command
{
    private readonly Argument<string[]> models = new("MODEL") { Description = "Folders of models in Hugging Face layout.", Arity = ArgumentArity.OneOrMore };
    private readonly Option<string?> texts = new("--texts")
    {
        Description = "Texts like those to be served: .jsonl, one object per line, or .json, a list of objects, each with text or prompt; other files are plain text, split at blank lines. Without them only speed and bytes are measured.",
        HelpName = "F",
    };

    private readonly Option<int?> most = new("--max-texts") { Description = "Maximum number of texts to score; all by default.", HelpName = "N" };
    private readonly Option<string> file = new("--out") { Description = "The repository to write.", HelpName = "F.json", DefaultValueFactory = _ => "repository.json" };
    private readonly Option<long?> budget = BudgetOption.Create("Memory budget for the table and for loading models; half of the machine's memory by default.");
    private readonly Option<string?> target = EngineOptions.Create("--confidence-target", "X");
    private readonly DeviceOptions device = new();

    public ProfileCommand(GlobalOptions global)
        : base("profile", "Measure models and write a model repository; run chooses its candidates from it.")
    {
        Add(models);
        foreach (var option in (Option[])[texts, most, file, budget, target]) Add(option);
        device.AddTo(this);
        most.MustBe(value => value >= 1, "at least 1");
        SetAction((parsed, cancellationToken) => RunAsync(Screen.Of(parsed, global), parsed, cancellationToken));
    }

    private async Task<int> RunAsync(Screen screen, ParseResult parsed, CancellationToken cancellationToken)
    {
        var path = parsed.GetRequiredValue(file);
        if (!Directory.Exists(Path.GetDirectoryName(Path.GetFullPath(path)))) throw new FileException($"--out is '{path}'; expected a file in a folder that exists.");
        var read = parsed.GetValue(texts) is { } source ? TextFile.Read(source) : [];
        read = [.. read.Take(parsed.GetValue(most) ?? int.MaxValue)];
        var engine = Start(parsed);
        await using (engine.ConfigureAwait(false))
        {
            await EngineStart.WaitAsync(engine, cancellationToken).ConfigureAwait(false);
            var points = await engine.Lab.ProfileAsync(read, path, cancellationToken).ConfigureAwait(false);
            var result = new Profiled(path, engine.Snapshot.Device.Description, read.Count, [.. points.Select(EventLineFactory.Profile)]);
            if (screen.IsJson) screen.Json(result, CliJson.Lines.Profiled);
            else screen.Show(ResultTables.Of(result));
        }

        return ExitCode.Done;
    }

    /// <summary>One layer is loaded to serve; each model comes in whole for its turn.</summary>
    private HeliosEngine Start(ParseResult parsed)
    {
        var builder = device.Read(parsed).CreateBuilder();
        foreach (var model in parsed.GetRequiredValue(models)) builder.AddModel(model);
        if (parsed.GetValue(budget) is { } bytes) builder.UseMemoryBudget(bytes);
        builder.ServeFixed(depth: 1).Configure(options => EngineOptions.Apply(parsed, [target], options));
        return builder.Build();
    }
}
