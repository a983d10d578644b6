using System.Collections.Immutable;
using System.CommandLine;
using Helios.Cli.Benching;
using Helios.Cli.Errors;
using Helios.Cli.Files;
using Helios.Cli.Options;
using Helios.Cli.Output;
using Helios.ModelBench.Answers;
using Helios.ModelBench.Output;
using Helios.ModelBench.Texts;
using Helios.Sdk.Backends;
using Helios.Sdk.Checkpoints;
using Helios.Sdk.ExitPolicies;
using Helios.Sdk.Models;

namespace Helios.ModelBench.Exits;

/// <summary><c>exits</c>: cost and quality of exit policies.</summary>
internal sealed class ExitsCommand : Command
{
    private static readonly ImmutableArray<string> DefaultPolicies = ["confidence:0.6", "confidence:0.8", "confidence:0.9", "top1:0.9", "margin:0.3", "entropy:1.5", "patience:2"];

    private readonly Argument<string> model = ModelArgument.Create();
    private readonly Option<string> file = new("--file") { Description = "Held-out texts, as for quality.", HelpName = "F", Required = true };
    private readonly Option<int?> depth = new("--depth") { Description = "Depth served; all layers by default.", HelpName = "E" };
    private readonly Option<string[]> policies = new("--policies")
    {
        Description = "Exit policies, with blanks between them: confidence:0.8 confidence:0.8,min=6 patience:2. One of each kind by default.",
        HelpName = "P",
        AllowMultipleArgumentsPerToken = true,
    };

    private readonly Option<ImmutableArray<int>?> batch = CountList.Option("--batch", "Answers at a time; 1,8 by default.", "1,8");
    private readonly AnswerOptions answers = new(defaultRounds: 6);
    private readonly DeviceOptions device = new();

    public ExitsCommand(GlobalOptions global)
        : base("exits", "Measure what exit policies cost in quality and gain in speed.")
    {
        Add(model);
        foreach (var option in (Option[])[file, depth, policies, batch]) Add(option);
        answers.AddTo(this);
        device.AddTo(this);
        depth.MustBe(value => value >= 1, "at least 1");
        SetAction((parsed, cancellationToken) => RunAsync(Screen.Of(parsed, global), parsed, cancellationToken));
    }

    private async Task<int> RunAsync(Screen screen, ParseResult parsed, CancellationToken cancellationToken)
    {
        var folder = parsed.GetRequiredValue(model);
        using var checkpoint = Checkpoint.Open(folder);
        var info = checkpoint.Info;
        var served = BenchOptions.CheckDepths([parsed.GetValue(depth) ?? info.Architecture.Layers], info)[0];
        var choice = device.Read(parsed);
        var plan = new ExitsPlan(served, Policies(parsed), parsed.GetValue(batch) ?? [1, 8], answers.Read(parsed));
        var texts = HeldOut.Read(parsed.GetRequiredValue(file), ModelTokenizer.Load(folder), info);
        var rows = await new ExitsBench(folder, checkpoint, choice, plan, TimeProvider.System).MeasureAsync(texts, cancellationToken).ConfigureAwait(false);

        using var backend = choice.Backend.Create();
        var result = new ExitsBenched(info.Name, backend.Device.Description, BenchedModel.NameOf(choice.Precision, info), served, texts.Sequences.Length, texts.Predicted, rows);
        if (screen.IsJson) screen.Json(result, BenchJson.Lines.ExitsBenched);
        else screen.Show(ModelTables.Of(result));
        return ExitCode.Done;
    }

    private ImmutableArray<string> Policies(ParseResult parsed)
    {
        ImmutableArray<string> asked = parsed.GetValue(policies) is { Length: > 0 } given ? [.. given] : DefaultPolicies;
        foreach (var policy in asked) new ExitPolicyCatalog().Find(policy, policies.Name);
        return asked;
    }
}
