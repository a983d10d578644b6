using System.Collections.Immutable;
using System.CommandLine;
using Helios.Cli.Benching;
using Helios.Cli.Errors;
using Helios.Cli.Options;
using Helios.Cli.Output;
using Helios.Cli.Results;
using Helios.Sdk;
using Helios.Sdk.Backends;
using Helios.Sdk.Models;

namespace Helios.Cli.Commands;

/// <summary><c>helios bench capacity</c>: the batch that fits a budget and runs in it, by depth.</summary>
internal sealed class BenchCapacityCommand : Command
{
    private const int DefaultContext = 512;
    private const int DefaultDepths = 4;

    private readonly BenchOptions options = new();
    private readonly Option<long?> budget = BudgetOption.Create("Memory for weights, activations and KV together.");
    private readonly Option<int?> context = new("--context") { Description = $"Tokens of every sequence; by default {DefaultContext}, or as many as fit the context.", HelpName = "N" };
    private readonly Option<ImmutableArray<int>?> depth = CountList.Option("--depth", "Layers loaded; by default the model's exits, or quarters of a model without exits.", "E,...");
    private readonly Option<double> seconds = new("--seconds") { Description = "Seconds of measured steps per row, and at least three steps unless they are much longer.", HelpName = "S", DefaultValueFactory = _ => 1 };
    private readonly Option<double> warmUp = new("--warm-up") { Description = "Maximum warm-up of a row in seconds; it ends when JIT compilation ends.", HelpName = "S", DefaultValueFactory = _ => 5 };

    public BenchCapacityCommand(GlobalOptions global)
        : base("capacity", "Find the largest batch that fits a memory budget, and run it.")
    {
        options.AddTo(this);
        budget.Required = true;
        foreach (var option in (Option[])[budget, context, depth, seconds, warmUp]) Add(option);
        context.MustBe(value => value >= 1, "at least 1");
        seconds.MustBe(value => value >= 0 && double.IsFinite(value), "a finite number of at least 0");
        warmUp.MustBe(value => value >= 0 && double.IsFinite(value), "a finite number of at least 0");
        SetAction((parsed, cancellationToken) => RunAsync(Screen.Of(parsed, global), parsed, cancellationToken));
    }

    private async Task<int> RunAsync(Screen screen, ParseResult parsed, CancellationToken cancellationToken)
    {
        var device = options.Device(parsed);
        using var checkpoint = options.Source(parsed).Open();
        using var backend = device.Backend.Create();
        var info = checkpoint.Info;
        var tokens = parsed.GetValue(context) ?? Math.Min(DefaultContext, info.Architecture.ContextLength);
        BenchOptions.CheckTokens("--context", tokens, info);
        var plan = new CapacityPlan(parsed.GetRequiredValue(budget)!.Value, tokens, device.Precision, device.Backend.KvPrecision, parsed.GetValue(seconds), parsed.GetValue(warmUp));
        if (plan.BudgetBytes > backend.Device.TotalMemory)
            throw new HeliosException(Invariant($"--budget is {plan.BudgetBytes} bytes; {backend.Device.Name} offers this process {backend.Device.TotalMemory}."));

        var bench = new CapacityBench(checkpoint, backend, plan, TimeProvider.System);
        var rows = ImmutableArray.CreateBuilder<CapacityRow>();
        foreach (var layers in Depths(parsed, info)) rows.Add(await bench.MeasureAsync(layers, cancellationToken).ConfigureAwait(false));
        var result = new CapacityBenched(
            info.Name, backend.Device.Description, BenchedModel.NameOf(plan.Precision, info), plan.BudgetBytes, plan.Context, rows.ToImmutable());
        if (screen.IsJson) screen.Json(result, CliJson.Lines.CapacityBenched);
        else screen.Show(BenchTables.Of(result));
        return ExitCode.Done;
    }

    private ImmutableArray<int> Depths(ParseResult parsed, CheckpointInfo model)
    {
        if (parsed.GetValue(depth) is { } asked) return BenchOptions.CheckDepths(asked, model);
        if (model.Exits.Length > 1) return [.. model.Exits.Select(exit => exit.Depth)];
        return [.. Enumerable.Range(1, DefaultDepths).Select(part => (model.Architecture.Layers * part + DefaultDepths - 1) / DefaultDepths).Distinct()];
    }
}
