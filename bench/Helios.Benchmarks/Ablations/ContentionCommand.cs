using System.CommandLine;
using Helios.Cli.Files;
using Helios.Cli.Options;

namespace Helios.Benchmarks.Ablations;

/// <summary>
/// <c>contention-engine TEXTS --objective O</c>: whether the controller notices that another process takes half the cores, what it does
/// about it, and whether it comes back.
/// </summary>
internal static class ContentionCommand
{
    private const long Budget = 64 << 20;
    private const int PromptTokens = 40;
    private const int MaxTokens = 48;
    private const string Kind = "novel";

    private static readonly Argument<string> Texts = new("TEXTS") { Description = "Held-out texts: a JSON list of objects with domain (stories, math, drama, novel) and text." };
    private static readonly Option<string[]> Objectives = new("--objective") { Description = $"Objectives, run one after the other; {ContentionPlan.FullDepth} serves all of tiny-m for good.", Required = true };
    private static readonly Option<double> Rate = new("--rate") { Description = "Requests a second.", DefaultValueFactory = _ => 60 };
    private static readonly Option<double> Seconds = new("--seconds") { Description = "Seconds of each of the three parts.", DefaultValueFactory = _ => 12 };
    private static readonly Option<double> WarmUp = new("--warm-up") { Description = "Seconds of requests before the first part.", DefaultValueFactory = _ => 8 };
    private static readonly Option<double?> Gap = new("--max-quality-gap") { Description = "Floor of quality in bits per byte; none by default." };
    private static readonly Option<double> Gain = new("--minimum-gain") { Description = "Gain for which a point is left; 3 % of bits per byte would be half of what the models differ by.", DefaultValueFactory = _ => 0.01 };
    private static readonly Option<double> Tpot = new("--tpot") { Description = "Time per token in milliseconds whose keeping is counted.", DefaultValueFactory = _ => 2 };
    private static readonly Option<string> Results = new("--results") { Description = "JSON that runs are added to.", DefaultValueFactory = _ => "contention.json" };

    public static Task<int> RunAsync(string[] args)
    {
        var command = new RootCommand("The controller beside a process that takes half the cores for a while.") { Texts, Objectives, Rate, Seconds, WarmUp, Gap, Gain, Tpot, Results };
        Numbers.ReadStrictly(command);
        command.SetAction(async parsed =>
        {
            var path = parsed.GetRequiredValue(Results);
            var pool = SamplePool.Open(Budget);
            var plan = new ContentionPlan(parsed.GetValue(Rate), TimeSpan.FromSeconds(parsed.GetValue(Seconds)), TimeSpan.FromSeconds(parsed.GetValue(WarmUp)), parsed.GetValue(Gap), parsed.GetValue(Gain), parsed.GetValue(Tpot));
            var count = (int)(1.2 * plan.Rate * (plan.WarmUp + 3 * plan.Part).TotalSeconds);
            var kind = KindOfText.Read(parsed.GetRequiredValue(Texts)).First(kind => kind.Name == Kind);
            List<PromptLine> prompts = [.. kind.Prompts(count, PromptTokens, MaxTokens, pool.LoadTokenizer())];

            // Once unmeasured: code is compiled, and steps are not taken to cost what they cost before it was.
            await new VariantRun(Variant.Dynamic, prompts[..Math.Min(prompts.Count, 800)]).RunAsync(pool);
            foreach (var objective in parsed.GetRequiredValue(Objectives))
            {
                var results = await new ContentionRun(pool, plan, prompts).RunAsync(objective);
                ContentionResults.Write(path, ContentionResults.Read(path).Add(results));
                results.Print(Console.Out);
            }
        });
        return command.Parse(args).InvokeAsync();
    }
}
