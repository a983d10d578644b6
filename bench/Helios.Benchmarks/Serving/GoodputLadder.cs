using System.Collections.Immutable;
using System.Text.Json;
using Helios.Cli;
using Helios.Cli.Errors;

namespace Helios.Benchmarks.Serving;

/// <summary>
/// Runs <c>helios run</c> for every system at every rate of every trace, round after round, so that drift of the machine
/// hits all alike.
/// </summary>
internal sealed class GoodputLadder(string pool, GoodputPlan plan, IReadOnlyList<TracePrompts> traces, DirectoryInfo folder)
{
    private static readonly ImmutableArray<(string Name, string[] Options)> Systems =
    [
        ("full depth", ["--baseline", "full"]),
        ("static early exit", ["--baseline", "static-ee"]),
        ("HELIOS", []),
    ];

    private readonly Dictionary<(string Trace, double Rate, string System), List<MeasuredRun>> runs = [];

    /// <summary>Results of each trace, after every round: of all rounds so far.</summary>
    public async IAsyncEnumerable<ImmutableArray<GoodputResults>> RunAsync(TextWriter progress)
    {
        foreach (var trace in traces)
        {
            foreach (var rate in plan.Rates) trace.Write(FileOf(trace, rate), plan.WarmUp + plan.Measured(rate));
        }

        // Once unmeasured: code is compiled.
        foreach (var (_, options) in Systems) await RunAsync(traces[0], plan.Rates[0], options, check: false);

        for (var round = 0; round < plan.Rounds; round++)
        {
            foreach (var trace in traces)
            {
                foreach (var rate in plan.Rates) await MeasureAsync(round, trace, rate, progress);
            }

            yield return [.. traces.Select(trace => ResultsOf(trace, plan with { Rounds = round + 1 }))];
        }
    }

    /// <summary>Every system in turn; the first of a round is another in the next.</summary>
    private async Task MeasureAsync(int round, TracePrompts trace, double rate, TextWriter progress)
    {
        for (var i = 0; i < Systems.Length; i++)
        {
            var (name, options) = Systems[(round + i) % Systems.Length];
            var run = await RunAsync(trace, rate, options, check: round == 0);
            var key = (trace.Trace.Name, rate, name);
            if (!runs.TryGetValue(key, out var all)) runs.Add(key, all = []);
            all.Add(run);
            await progress.WriteLineAsync($"round {round + 1}, {trace.Trace.Name} at {rate} a second: {name} {run.Share:P1} ({run.Point})");
        }
    }

    private async Task<MeasuredRun> RunAsync(TracePrompts trace, double rate, string[] system, bool check)
    {
        using var output = new StringWriter();
        using var errors = new StringWriter();
        string[] args =
        [
            "run", "--pool", pool, "--prompts", FileOf(trace, rate), "--rate", $"{rate}", "--warm-up", $"{plan.WarmUp}", "--ignore-eos",
            "--check", check ? "sample" : "none", "--json", .. system,
        ];
        if (await CliApp.RunAsync(args, output, errors) != ExitCode.Done) throw new InvalidOperationException($"helios {string.Join(' ', args)}: {errors.ToString().Trim()}");
        var lines = output.ToString().Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(line => JsonDocument.Parse(line).RootElement).ToList();
        return MeasuredRun.Of(lines, plan);
    }

    private GoodputResults ResultsOf(TracePrompts trace, GoodputPlan measured) => new(
        trace.Trace.Name,
        trace.Trace.Requests.Length,
        trace.PromptScale.Factor,
        trace.AnswerScale.Factor,
        $"{Environment.ProcessorCount} processors",
        DateOnly.FromDateTime(TimeProvider.System.GetUtcNow().Date),
        measured,
        [.. Systems.Select(system => GoodputCurve.Of(system.Name, [.. plan.Rates.Select(rate => MeasuredRun.Summarize(rate, runs[(trace.Trace.Name, rate, system.Name)]))]))]);

    private string FileOf(TracePrompts trace, double rate) => Path.Combine(folder.FullName, $"{trace.Trace.Name}-{rate}.jsonl");
}
