using BenchmarkDotNet.Configs;
using BenchmarkDotNet.Jobs;
using BenchmarkDotNet.Running;
using BenchmarkDotNet.Toolchains.InProcess.Emit;
using Helios.Benchmarks.Ablations;
using Helios.Benchmarks.Certification;
using Helios.Benchmarks.Overhead;
using Helios.Benchmarks.Prefix;
using Helios.Benchmarks.Roofline;
using Helios.Benchmarks.Scheduling;
using Helios.Benchmarks.Serving;
using Helios.Benchmarks.Tokenizing;
using Helios.Cli;
using Helios.Cli.Benching;

string[] precisions = ["fp32", "bf16", "int8", "int4"];
switch (args)
{
    case ["overhead", .. var shape]:
        await OverheadReport.RunAsync(ShapeOf(shape));
        return;
    case ["queue", .. var shape]:
        await QueueReport.RunAsync(ShapeOf(shape));
        return;
    case ["pace", var decoding, .. var shape]:
        await PaceReport.RunAsync(ShapeOf(shape), int.Parse(decoding));
        return;
    case ["change", .. var shape]:
        await ChangeReport.RunAsync(ShapeOf(shape));
        return;
    case ["mix", var prompt, var answer, .. var shape]:
        await MixReport.RunAsync(ShapeOf(shape), int.Parse(prompt), int.Parse(answer));
        return;
    case ["prefix", .. var shape]:
        await PrefixReport.RunAsync(ShapeOf(shape));
        return;
    case ["measure", var results, .. var shape]:
        (await Measurement.RunAsync(ShapeOf(shape), precisions)).Write(results);
        return;
    case ["roofline", var results, var picture]:
        await File.WriteAllTextAsync(picture, Chart.Draw(Results.Read(results)));
        return;
    case ["tokenizers", .. var texts]:
        TokenizerReport.Run(texts is [var text] ? text : null);
        return;
    case ["certification", .. var trials]:
        CertificationReport.Run(trials is [var given] ? int.Parse(given) : 2000);
        return;
    case ["alarms", .. var trials]:
        AlarmReport.Run(trials is [var wanted] ? int.Parse(wanted) : 1000);
        return;
    case ["intervals", .. var trials]:
        IntervalReport.Run(trials is [var asked] ? int.Parse(asked) : 2000);
        return;
    case ["ablations", .. var rest]:
        Environment.ExitCode = await AblationsCommand.RunAsync(rest);
        return;
    case ["contention-engine", .. var rest]:
        Environment.ExitCode = await ContentionCommand.RunAsync(rest);
        return;
    case ["bench", BusyProcess.CommandName, ..]:
        // The neighbour, which is this program in another mode.
        Environment.ExitCode = await CliApp.RunAsync(args, Console.Out, Console.Error);
        return;
    case ["prompts", .. var rest]:
        Environment.ExitCode = await GoodputCommand.PromptsAsync(rest);
        return;
    case ["goodput", .. var rest]:
        Environment.ExitCode = await GoodputCommand.GoodputAsync(rest);
        return;
    case ["goodput-chart", var results, var picture]:
        await File.WriteAllTextAsync(picture, GoodputChart.Draw(GoodputResults.Read(results)));
        return;
    default:
        // In this process: what BenchmarkDotNet would otherwise generate and build is held to this repository's rules.
        var job = Job.MediumRun.WithLaunchCount(1).WithToolchain(InProcessEmitToolchain.Instance);
        BenchmarkSwitcher.FromAssembly(typeof(OverheadReport).Assembly).Run(args, DefaultConfig.Instance.AddJob(job));
        return;
}

static string ShapeOf(string[] rest) => rest is [var given, ..] ? given : ModelShape.Example;
