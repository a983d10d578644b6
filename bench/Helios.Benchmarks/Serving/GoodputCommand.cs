using System.CommandLine;
using System.CommandLine.Parsing;
using System.Globalization;
using Helios.Cli.Files;
using Helios.Cli.Options;
using Helios.Sdk.Checkpoints;
using Helios.Sdk.Tokenization;

namespace Helios.Benchmarks.Serving;

/// <summary>
/// <c>goodput TRACE... --texts F</c>: replays traces through <c>helios run</c> and writes, for each, results and a picture;
/// <c>prompts TRACE --texts F</c> writes what is replayed.
/// </summary>
internal static class GoodputCommand
{
    private const string DefaultPool = "bench/Helios.Benchmarks/Serving/pool.json";

    private static readonly Argument<string[]> Traces = new("TRACE") { Description = "CSV files of the Azure LLM inference traces 2023.", Arity = ArgumentArity.OneOrMore };
    private static readonly Option<string> Texts = new("--texts") { Description = "Texts that prompts are cut from: .json, .jsonl or plain.", Required = true };
    private static readonly Option<string> Pool = new("--pool") { Description = "Pool of models; lengths are scaled to the context of the first.", DefaultValueFactory = _ => DefaultPool };
    private static readonly Option<double[]> Rates = new("--rates")
    {
        Description = "Requests a second: 50,100,200.",
        CustomParser = ParseRates,
        DefaultValueFactory = _ => [50, 100, 150, 200, 300, 400],
    };

    private static readonly Option<double> Ttft = new("--ttft") { Description = "Limit for the first token in milliseconds.", DefaultValueFactory = _ => 100 };
    private static readonly Option<double> Tpot = new("--tpot") { Description = "Limit for each further token in milliseconds.", DefaultValueFactory = _ => 10 };
    private static readonly Option<double?> Seconds = new("--seconds") { Description = "Seconds in which requests arrive; 6, or 3 with --quick." };
    private static readonly Option<int?> Rounds = new("--rounds") { Description = "Rounds over everything; 3, or 1 with --quick." };
    private static readonly Option<int> WarmUp = new("--warm-up") { Description = "Requests before those measured.", DefaultValueFactory = _ => 160 };
    private static readonly Option<bool> Quick = new("--quick") { Description = "One short round." };
    private static readonly Option<string> Out = new("--out") { Description = "Folder for goodput-TRACE.json and .svg.", DefaultValueFactory = _ => "." };
    private static readonly Option<int> Count = new("--count") { Description = "Requests written.", DefaultValueFactory = _ => 1000 };

    public static Task<int> GoodputAsync(string[] args)
    {
        var command = new RootCommand("Goodput of full depth, static early exit and HELIOS over rates of a trace.") { Traces, Texts, Pool, Rates, Ttft, Tpot, Seconds, Rounds, WarmUp, Quick, Out };
        Numbers.ReadStrictly(command);
        command.SetAction(async parsed =>
        {
            var quick = parsed.GetValue(Quick);
            var plan = new GoodputPlan(
                parsed.GetValue(Ttft),
                parsed.GetValue(Tpot),
                [.. parsed.GetRequiredValue(Rates)],
                parsed.GetValue(Seconds) ?? (quick ? 3 : 6),
                parsed.GetValue(Rounds) ?? (quick ? 1 : 3),
                parsed.GetValue(WarmUp));
            var folder = Directory.CreateTempSubdirectory("helios-goodput-");
            try
            {
                var ladder = new GoodputLadder(parsed.GetRequiredValue(Pool), plan, ReadTraces(parsed), folder);
                await foreach (var round in ladder.RunAsync(Console.Out))
                {
                    foreach (var results in round) Write(results, Path.Combine(parsed.GetRequiredValue(Out), $"goodput-{results.Trace}"));
                }
            }
            finally
            {
                folder.Delete(recursive: true);
            }
        });
        return command.Parse(args).InvokeAsync();
    }

    public static Task<int> PromptsAsync(string[] args)
    {
        var command = new RootCommand("The first requests of traces as prompt files for helios run, prompts-TRACE.jsonl.") { Traces, Texts, Pool, Count, Out };
        Numbers.ReadStrictly(command);
        command.SetAction(parsed =>
        {
            foreach (var trace in ReadTraces(parsed)) trace.Write(Path.Combine(parsed.GetRequiredValue(Out), $"prompts-{trace.Trace.Name}.jsonl"), parsed.GetValue(Count));
        });
        return command.Parse(args).InvokeAsync();
    }

    private static void Write(GoodputResults results, string path)
    {
        results.Write($"{path}.json");
        File.WriteAllText($"{path}.svg", GoodputChart.Draw(results));
    }

    private static double[] ParseRates(ArgumentResult result)
    {
        var text = result.Tokens[0].Value;
        var rates = text.Split(',').Select(part => double.TryParse(part, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var rate) ? rate : 0).Order().ToArray();
        if (rates[0] <= 0) result.AddError($"--rates is '{text}'; expected numbers above 0 with commas between them: 50,100,200.");
        return rates;
    }

    private static List<TracePrompts> ReadTraces(ParseResult parsed)
    {
        var first = PoolFile.Read(parsed.GetRequiredValue(Pool)).Models[0];
        using var checkpoint = Checkpoint.Open(first.Folder);
        var tokenizer = TokenizerFiles.Load(first.Folder);
        var texts = TextFile.Read(parsed.GetRequiredValue(Texts));
        return [.. parsed.GetRequiredValue(Traces).Select(path => new TracePrompts(Trace.Read(path), texts, tokenizer, checkpoint.Info.Architecture.ContextLength))];
    }
}
