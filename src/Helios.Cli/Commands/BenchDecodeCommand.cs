using System.Collections.Immutable;
using System.CommandLine;
using Helios.Cli.Benching;
using Helios.Cli.Errors;
using Helios.Cli.Options;
using Helios.Cli.Output;
using Helios.Cli.Results;
using Helios.Sdk.Backends;
using Helios.Sdk.Models;

namespace Helios.Cli.Commands;

/// <summary><c>helios bench decode</c>: decode steps and prefills straight on the backend.</summary>
internal sealed class BenchDecodeCommand : Command
{
    private const int DefaultPrefill = 512;
    private const int DefaultContext = 64;
    private const double ContentionSeconds = 4;

    private readonly BenchOptions options = new();
    private readonly Option<ImmutableArray<int>?> batch = CountList.Option("--batch", "Sequences in a step; 1,8,32 by default.", "1,8,32");
    private readonly Option<ImmutableArray<int>?> depth = CountList.Option("--depth", "Layers that run; all by default. Only the deepest depth is loaded.", "E,...");
    private readonly Option<int?> prefill = new("--prefill") { Description = $"Tokens of the prefilled prompt, 0 for none; by default {DefaultPrefill}, or as many as fit the context.", HelpName = "N" };
    private readonly Option<int?> context = new("--context") { Description = $"Tokens of every sequence in KV; by default {DefaultContext}, or as many as fit the context.", HelpName = "N" };
    private readonly Option<int?> steps = new("--steps") { Description = "Minimum of measured steps per row; by default --seconds decides.", HelpName = "N" };
    private readonly Option<double> seconds = new("--seconds") { Description = "Seconds of measured steps per row.", HelpName = "S", DefaultValueFactory = _ => 2 };
    private readonly Option<double> warmUp = new("--warm-up") { Description = "Maximum warm-up in seconds; it ends when JIT compilation ends.", HelpName = "S", DefaultValueFactory = _ => 10 };
    private readonly Option<int?> contend = new("--contend") { Description = "Also measure batch 1 beside another process with this many busy threads.", HelpName = "N" };

    public BenchDecodeCommand(GlobalOptions global)
        : base("decode", "Time decode steps and prefills.")
    {
        options.AddTo(this);
        foreach (var option in (Option[])[batch, depth, prefill, context, steps, seconds, warmUp, contend]) Add(option);
        prefill.MustBe(value => value >= 0, "at least 0");
        context.MustBe(value => value >= 0, "at least 0");
        steps.MustBe(value => value >= 1, "at least 1");
        seconds.MustBe(value => value > 0 && double.IsFinite(value), "a finite number above 0");
        warmUp.MustBe(value => value >= 0 && double.IsFinite(value), "a finite number of at least 0");
        contend.MustBe(value => value is >= 1 and <= 1024, "1 to 1024");
        SetAction((parsed, cancellationToken) => RunAsync(Screen.Of(parsed, global), parsed, cancellationToken));
    }

    private async Task<int> RunAsync(Screen screen, ParseResult parsed, CancellationToken cancellationToken)
    {
        var device = options.Device(parsed);
        using var checkpoint = options.Source(parsed).Open();
        var plan = ReadPlan(parsed, checkpoint.Info);
        using var backend = device.Backend.Create();
        var budget = new MemoryBudget(backend.Device.TotalMemory);
        using var model = await BenchedModel.LoadAsync(checkpoint, backend, budget, device.Precision, plan.Depths.Max(), cancellationToken).ConfigureAwait(false);
        using var bench = new DecodeBench(model, plan, device.Backend, TimeProvider.System);
        var rows = bench.Measure(cancellationToken);
        var contention = parsed.GetValue(contend) is { } threads ? Contend(bench, threads, parsed, cancellationToken) : null;
        Print(screen, new DecodeBenched(model.Info.Name, backend.Device.Description, plan.Context, plan.Prefill, rows, contention));
        return ExitCode.Done;
    }

    private DecodePlan ReadPlan(ParseResult parsed, CheckpointInfo model)
    {
        var most = model.Architecture.ContextLength;
        var plan = new DecodePlan(
            parsed.GetValue(batch) ?? [1, 8, 32],
            BenchOptions.CheckDepths(parsed.GetValue(depth) ?? [model.Architecture.Layers], model),
            parsed.GetValue(context) ?? Math.Min(DefaultContext, most - 1),
            parsed.GetValue(prefill) ?? Math.Min(DefaultPrefill, most),
            parsed.GetValue(steps),
            parsed.GetValue(seconds),
            parsed.GetValue(warmUp));
        BenchOptions.CheckTokens("--context", plan.Context + 1, model);
        BenchOptions.CheckTokens("--prefill", plan.Prefill, model);
        return plan;
    }

    private Contention Contend(DecodeBench bench, int threads, ParseResult parsed, CancellationToken cancellationToken)
    {
        using var neighbour = new BusyProcess(threads);
        var length = parsed.GetValue(steps) is null ? Math.Max(ContentionSeconds, parsed.GetValue(seconds)) : 0;
        return new ContentionBench(bench.Deepest, neighbour, TimeProvider.System).Measure(threads, length, cancellationToken);
    }

    private static void Print(Screen screen, DecodeBenched result)
    {
        if (screen.IsJson)
        {
            screen.Json(result, CliJson.Lines.DecodeBenched);
            return;
        }

        screen.Show(BenchTables.Of(result));
        if (result.Contention is { } contention) screen.Show(BenchTables.Of(contention));
    }
}
