using System.Collections.Immutable;
using System.CommandLine;
using Helios.Cli.Benching;
using Helios.Cli.Errors;
using Helios.Cli.Options;
using Helios.Cli.Output;
using Helios.ModelBench.Answers;
using Helios.ModelBench.Output;
using Helios.Sdk.Backends;
using Helios.Sdk.Checkpoints;
using Helios.Sdk.Models;

namespace Helios.ModelBench.Lossless;

/// <summary><c>lossless</c>: drafting at an exit against plain decoding at full depth.</summary>
internal sealed class LosslessCommand : Command
{
    private readonly Argument<string> model = ModelArgument.Create();
    private readonly Option<ImmutableArray<int>?> draft = CountList.Option("--draft", "Exits at which tokens are drafted.", "E,...");
    private readonly Option<ImmutableArray<int>?> batch = CountList.Option("--batch", "Answers at a time; 1,8 by default.", "1,8");
    private readonly AnswerOptions answers = new(defaultRounds: 16);
    private readonly DeviceOptions device = new();

    public LosslessCommand(GlobalOptions global)
        : base("lossless", "Compare drafting at an exit with plain decoding: the same answers, in what time?")
    {
        Add(model);
        draft.Required = true;
        foreach (var option in (Option[])[draft, batch]) Add(option);
        answers.AddTo(this);
        device.AddTo(this);
        SetAction((parsed, cancellationToken) => RunAsync(Screen.Of(parsed, global), parsed, cancellationToken));
    }

    private async Task<int> RunAsync(Screen screen, ParseResult parsed, CancellationToken cancellationToken)
    {
        var folder = parsed.GetRequiredValue(model);
        using var checkpoint = Checkpoint.Open(folder);
        var info = checkpoint.Info;
        var choice = device.Read(parsed);
        var plan = new LosslessPlan(CheckExits(parsed.GetValue(draft)!.Value, info), parsed.GetValue(batch) ?? [1, 8], answers.Read(parsed));
        var rows = await new LosslessBench(folder, choice, plan, TimeProvider.System).MeasureAsync(cancellationToken).ConfigureAwait(false);

        using var backend = choice.Backend.Create();
        var result = new LosslessBenched(
            info.Name, backend.Device.Description, BenchedModel.NameOf(choice.Precision, info), info.Architecture.Layers, plan.Answers.Temperature, plan.Answers.MaxTokens, rows);
        if (screen.IsJson) screen.Json(result, BenchJson.Lines.LosslessBenched);
        else screen.Show(ModelTables.Of(result));
        return ExitCode.Done;
    }

    private static ImmutableArray<int> CheckExits(ImmutableArray<int> drafts, CheckpointInfo model)
    {
        var exits = model.Exits.Select(exit => exit.Depth).Where(exit => exit < model.Architecture.Layers).ToList();
        foreach (var depth in drafts)
        {
            if (!exits.Contains(depth))
                throw new UsageException(Invariant($"--draft is {depth}; '{model.Name}' has {(exits.Count == 0 ? "no exit below its full depth" : $"exits below its full depth at {string.Join(", ", exits)}")}."));
        }

        return drafts;
    }
}
