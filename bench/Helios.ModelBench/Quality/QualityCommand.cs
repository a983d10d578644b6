using System.Collections.Immutable;
using System.CommandLine;
using Helios.Cli.Benching;
using Helios.Cli.Errors;
using Helios.Cli.Files;
using Helios.Cli.Options;
using Helios.Cli.Output;
using Helios.ModelBench.Output;
using Helios.ModelBench.Texts;
using Helios.Sdk;
using Helios.Sdk.Backends;
using Helios.Sdk.Checkpoints;
using Helios.Sdk.Models;

namespace Helios.ModelBench.Quality;

/// <summary><c>quality</c>: what precisions cost in bits per byte and agreement, on held-out texts.</summary>
internal sealed class QualityCommand : Command
{
    private readonly Argument<string> model = ModelArgument.Create();
    private readonly Option<string> file = new("--file")
    {
        Description = "Held-out texts: .jsonl, one object per line, or .json, a list of objects, each with text or prompt; other files are plain text, split at blank lines.",
        HelpName = "F",
        Required = true,
    };

    private readonly Option<ImmutableArray<Precision>?> precision = PrecisionOption.List(
        "--precision", "How weights are held; the first is what the others are compared with. auto,int8,int4 by default.", PrecisionOption.Weights);

    private readonly Option<ImmutableArray<int>?> depth = CountList.Option("--depth", "Layers that run; the model's exits by default.", "E,...");
    private readonly BackendOptions backend = new();

    public QualityCommand(GlobalOptions global)
        : base("quality", "Score held-out texts in several precisions.")
    {
        Add(model);
        foreach (var option in (Option[])[file, precision, depth]) Add(option);
        backend.AddTo(this);
        SetAction((parsed, cancellationToken) => RunAsync(Screen.Of(parsed, global), parsed, cancellationToken));
    }

    private async Task<int> RunAsync(Screen screen, ParseResult parsed, CancellationToken cancellationToken)
    {
        var folder = parsed.GetRequiredValue(model);
        var choice = backend.Read(parsed);
        using var checkpoint = Checkpoint.Open(folder);
        var info = checkpoint.Info;
        var plan = new QualityPlan(Precisions(parsed, info), Depths(parsed, info), choice.KvPrecision);
        var texts = HeldOut.Read(parsed.GetRequiredValue(file), ModelTokenizer.Load(folder), info);
        using var device = choice.Create();
        var rows = await new QualityBench(checkpoint, device, texts, plan).MeasureAsync(cancellationToken).ConfigureAwait(false);
        var result = new QualityBenched(info.Name, device.Device.Description, texts.Sequences.Length, rows);
        if (screen.IsJson) screen.Json(result, BenchJson.Lines.QualityBenched);
        else screen.Show(ModelTables.Of(result));
        return ExitCode.Done;
    }

    /// <summary>Different ones: <c>auto</c> is one of the others, which one being the model's to say.</summary>
    private ImmutableArray<Precision> Precisions(ParseResult parsed, CheckpointInfo info)
    {
        var precisions = parsed.GetValue(precision) ?? [Precision.Auto, Precision.Int8, Precision.Int4];
        var stored = BenchedModel.NameOf(Precision.Auto, info);
        if (precisions.Contains(Precision.Auto) && precisions.Any(asked => PrecisionOption.NameOf(asked) == stored))
            throw new UsageException($"--precision names auto and {stored}, which are the same for '{info.Name}'; expected one of them.");
        return precisions;
    }

    private ImmutableArray<int> Depths(ParseResult parsed, CheckpointInfo info) =>
        [.. BenchOptions.CheckDepths(parsed.GetValue(depth) ?? [.. info.Exits.Select(exit => exit.Depth)], info).Order()];
}
