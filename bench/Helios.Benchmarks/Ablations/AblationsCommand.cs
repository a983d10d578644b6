using System.CommandLine;
using System.CommandLine.Parsing;
using Helios.Cli.Files;
using Helios.Cli.Options;
using Helios.Cli.Running;
using Helios.Sdk;
using Helios.Sdk.Tokenization;

namespace Helios.Benchmarks.Ablations;

/// <summary>
/// <c>ablations TEXTS</c>: every variant over the same traffic, whose kind of text changes, round after round, so that drift of
/// the machine hits all alike. What the results file holds already is kept: rounds may be measured in pieces.
/// </summary>
internal static class AblationsCommand
{
    /// <summary>Bytes for weights and KV: too few for all of tiny-m and a full batch.</summary>
    private const long Budget = 32 << 20;

    private const int PromptTokens = 40;
    private const int MaxTokens = 48;
    private const int SampleEvery = 13;

    private static readonly Argument<string> Texts = new("TEXTS") { Description = "Held-out texts: a JSON list of objects with domain (stories, math, drama, novel) and text." };
    private static readonly Option<string> Results = new("--results") { Description = "JSON that runs are added to.", DefaultValueFactory = _ => "ablations.json" };
    private static readonly Option<int> Rounds = new("--rounds") { Description = "Rounds to measure; 0 prints what there is.", DefaultValueFactory = _ => 5 };
    private static readonly Option<int> PerKind = new("--per-kind") { Description = "Requests before the kind of text changes.", DefaultValueFactory = _ => 240 };
    private static readonly Option<string[]?> Only = new("--only") { Description = "Variants to measure, by name, with semicolons between them; all by default.", CustomParser = ParseNames };

    public static Task<int> RunAsync(string[] args)
    {
        var command = new RootCommand("Ablations of the adaptation loop on the sample models.") { Texts, Results, Rounds, PerKind, Only };
        Numbers.ReadStrictly(command);
        command.SetAction(async parsed =>
        {
            var path = parsed.GetRequiredValue(Results);
            var perKind = parsed.GetRequiredValue(PerKind);
            var pool = SamplePool.Open(Budget);
            var traffic = Traffic(parsed.GetRequiredValue(Texts), pool.LoadTokenizer(), perKind);
            var wanted = parsed.GetValue(Only);
            var variants = Variant.All.Where(variant => wanted is not { Length: > 0 } || wanted.Contains(variant.Name)).ToList();
            var results = AblationResults.ReadOrStart(path, perKind);
            // Once unmeasured: code is compiled.
            if (parsed.GetValue(Rounds) > 0) await new VariantRun(Variant.Dynamic, traffic[..(traffic.Count / 2)]).RunAsync(pool);
            for (var round = 0; round < parsed.GetValue(Rounds); round++)
            {
                foreach (var variant in variants)
                {
                    var figures = await MeasureAsync(variant, pool, traffic);
                    await Console.Error.WriteLineAsync($"{variant.Name}: {figures.TokensPerSecond:0} tok/s, gap {figures.QualityGap:0.000}; {string.Join(", ", figures.Changes)}");
                    results = results.Add(variant, figures);
                }

                results.Write(path);
            }

            AblationTables.Write(results, Console.Out);
        });
        return command.Parse(args).InvokeAsync();
    }

    /// <summary>Every kind once, then the first again.</summary>
    private static List<PromptLine> Traffic(string path, ITokenizer tokenizer, int perKind)
    {
        var kinds = KindOfText.Read(path);
        return [.. kinds.Append(kinds[0]).SelectMany(kind => kind.Prompts(perKind, PromptTokens, MaxTokens, tokenizer))];
    }

    private static async Task<RunFigures> MeasureAsync(Variant variant, SamplePool pool, List<PromptLine> traffic)
    {
        var run = new VariantRun(variant, traffic);
        var figures = await run.RunAsync(pool);
        await using var check = await ServedCheck.StartAsync(new DeviceChoice(Precision.Auto, BackendChoice.Cpu), pool.File, CancellationToken.None);
        var judged = await check.RunAsync(run.Served.Where((_, i) => i % SampleEvery == 0), CancellationToken.None);
        return figures with { QualityGap = judged.QualityGapBitsPerByte, Agreement = judged.Agreement };
    }

    private static string[]? ParseNames(ArgumentResult result)
    {
        var names = result.Tokens[0].Value.Split(';', StringSplitOptions.TrimEntries);
        foreach (var name in names.Where(name => !Variant.All.Any(variant => variant.Name == name)))
            result.AddError($"--only has '{name}'; expected some of: {string.Join("; ", Variant.All.Select(variant => variant.Name))}.");
        return names;
    }
}
