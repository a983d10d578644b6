using System.Collections.Immutable;
using System.CommandLine;
using Helios.Cli.Benching;
using Helios.Cli.Options;
using Helios.Cli.Output;
using Helios.Cli.Running;
using Helios.Sdk;
using Helios.Sdk.Checkpoints;

namespace Helios.Cli.Commands;

/// <summary><c>helios bench lossless</c>: drafting at an exit against plain decoding at full depth.</summary>
internal sealed class BenchLosslessCommand : Command
{
    private static readonly ImmutableArray<string> Prompts =
    [
        "Once upon a time, there was", "Question: Sam has 5 apples and buys 7 more. How many apples does he have?\nAnswer:", "KING HENRY:\n",
        "Prince Andrew looked at", "One day, a little dog", "Tom and Lily went to the park.", "The old man said that", "In the morning the",
    ];

    private readonly Argument<string> model = ModelArgument.Create();
    private readonly Option<ImmutableArray<int>?> draft = BenchOptions.Counts("--draft", "Exits at which tokens are drafted.", "E,...");
    private readonly Option<ImmutableArray<int>?> batch = BenchOptions.Counts("--batch", "Answers at a time; 1,8 by default.", "1,8");
    private readonly Option<string?> file = new("--file") { Description = "Prompts, as bench quality reads texts; eight short ones of its own by default.", HelpName = "F" };
    private readonly Option<int> maxTokens = new("--max-tokens") { Description = "Tokens of every answer.", HelpName = "N", DefaultValueFactory = _ => 128 };
    private readonly Option<float> temperature = new("--temperature") { Description = "0 takes the likeliest token, above 0 samples.", HelpName = "X" };
    private readonly Option<int> rounds = new("--rounds") { Description = "Rounds measured of each, in turns; four answers a place in a round.", HelpName = "N", DefaultValueFactory = _ => 16 };
    private readonly DeviceOptions device = new();

    public BenchLosslessCommand(GlobalOptions global)
        : base("lossless", "Compare drafting at an exit with plain decoding: the same answers, in what time?")
    {
        Add(model);
        draft.Required = true;
        foreach (var option in (Option[])[draft, batch, file, maxTokens, temperature, rounds]) Add(option);
        device.AddTo(this);
        maxTokens.MustBe(value => value >= 1, "at least 1");
        temperature.MustBe(value => value >= 0 && float.IsFinite(value), "a finite number of at least 0");
        rounds.MustBe(value => value >= 1, "at least 1");
        SetAction((parsed, cancellationToken) => RunAsync(Screen.Of(parsed, global), parsed, cancellationToken));
    }

    private async Task<int> RunAsync(Screen screen, ParseResult parsed, CancellationToken cancellationToken)
    {
        var folder = parsed.GetRequiredValue(model);
        using var checkpoint = Checkpoint.Open(folder);
        var info = checkpoint.Info;
        var choice = device.Read(parsed);
        var plan = new LosslessPlan(
            CheckExits(parsed.GetValue(draft)!.Value, info),
            parsed.GetValue(batch) ?? [1, 8],
            parsed.GetValue(file) is { } path ? [.. TextFile.Read(path)] : Prompts,
            parsed.GetValue(maxTokens),
            parsed.GetValue(temperature),
            parsed.GetValue(rounds));
        var rows = await new LosslessBench(folder, choice, plan, TimeProvider.System).MeasureAsync(cancellationToken).ConfigureAwait(false);

        using var backend = choice.Backend.Create();
        var result = new LosslessBenched(
            info.Name, backend.Device.Description, BenchedModel.NameOf(choice.Precision, info), info.Architecture.Layers, plan.Temperature, plan.MaxTokens, rows);
        if (screen.IsJson) screen.Json(result, CliJson.Lines.LosslessBenched);
        else screen.Show(BenchTables.Of(result));
        return CliApp.Done;
    }

    private static ImmutableArray<int> CheckExits(ImmutableArray<int> drafts, CheckpointInfo model)
    {
        var exits = model.Exits.Select(exit => exit.Depth).Where(exit => exit < model.Architecture.Layers).ToList();
        foreach (var depth in drafts)
        {
            if (!exits.Contains(depth))
                throw new UsageException($"--draft is {depth}; '{model.Name}' has {(exits.Count == 0 ? "no exit below its full depth" : $"exits below its full depth at {string.Join(", ", exits)}")}.");
        }

        return drafts;
    }
}
