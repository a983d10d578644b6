using Helios.Sdk;
using Helios.Sdk.Adaptation.Selection;
using Helios.Sdk.Adaptation.Statistics;
using Helios.Sdk.Tests.Adaptation.Selection;
using Helios.Sdk.Tests.Adaptation.Statistics;

namespace Helios.Benchmarks.Certification;

/// <summary>
/// How often the breach counter trips within 9,600 tokens of unchanged traffic (5 % promised), for requests more and more unlike
/// each other and more and more of them at once: at the ceiling for independent tokens, at the ceiling for tokens as alike as
/// they are, and at the one for tokens as alike as 15 or 60 scored requests make them look.
/// </summary>
internal static class AlarmReport
{
    private const int Tokens = 9600;
    private static readonly int[] Batches = [1, 8, 32];
    private static readonly AdaptationOptions Options = new();
    private static readonly BreachCeilings Ceilings = new(Options);

    public static void Run(int trials)
    {
        Console.WriteLine($"| requests | ceiling for | breach rate | {string.Join(" | ", Batches.Select(batch => $"{batch} at once"))} |");
        Console.WriteLine("|---|---|---|---|---|---|");
        foreach (var (name, concentration) in new[] { ("alike", 1e6), ("clustered", 20.0), ("very unlike", 8.0) })
        {
            Show(name, "independent tokens", concentration, trials, _ => 0);
            Show(name, "tokens as they are", concentration, trials, _ => 1 / (concentration + 1));
            foreach (var scored in new[] { 15, 60 }) Show(name, $"{scored} scored requests", concentration, trials, seed => Clustering.Of(Population(0.25, concentration, seed).Draw(scored)));
        }
    }

    private static void Show(string name, string known, double concentration, int trials, Func<int, double> clustering)
    {
        var rates = Enumerable.Range(0, trials).Select(trial => Ceilings.Of(clustering(~trial), Tokens)).ToList();
        var alarms = Batches.Select(batch => Enumerable.Range(0, trials).Count(trial => BreachTraffic.Trips(Options, Population(rates[trial], concentration, trial), Tokens, batch, trial)) / (double)trials);
        Console.WriteLine($"| {name} | {known} | {rates.Average():0.00} | {string.Join(" | ", alarms.Select(share => $"{share:P0}"))} |");
    }

    private static SyntheticRequests Population(double rate, double concentration, int seed) => new(seed) { Rate = rate, Concentration = concentration, LengthSpread = 0.3 };
}
