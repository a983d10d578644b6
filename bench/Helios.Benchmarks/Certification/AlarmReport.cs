using Helios.Sdk;
using Helios.Sdk.Adaptation.Selection;
using Helios.Sdk.Adaptation.Statistics;
using Helios.Sdk.Tests.Adaptation.Statistics;

namespace Helios.Benchmarks.Certification;

/// <summary>
/// How often the breach counter trips within 9,600 tokens of unchanged traffic: at the highest rate that independent tokens
/// allow (5 % promised), and below it, for requests more and more unlike each other and more and more of them at once.
/// </summary>
internal static class AlarmReport
{
    private const int Tokens = 9600;
    private static readonly AdaptationOptions Options = new();

    public static void Run(int trials)
    {
        int[] batches = [1, 8, 32];
        Console.WriteLine($"| breach rate | requests | {string.Join(" | ", batches.Select(batch => $"{batch} at once"))} |");
        Console.WriteLine("|---|---|---|---|---|");
        foreach (var rate in new[] { BreachAlarm.Ceiling(Options, Tokens), 0.25, 0.2 })
        {
            foreach (var (name, concentration) in new[] { ("alike", 1e6), ("clustered", 20.0), ("very unlike", 8.0) })
            {
                var alarms = batches.Select(batch => Enumerable.Range(0, trials).Count(trial => Trips(rate, concentration, batch, trial)) / (double)trials);
                Console.WriteLine($"| {rate:0.00} | {name} | {string.Join(" | ", alarms.Select(share => $"{share:P0}"))} |");
            }
        }
    }

    private static bool Trips(double rate, double concentration, int batch, int seed)
    {
        var counter = new BreachCounter(Options.BreachWindow, Options.BreachLimit);
        var population = new SyntheticRequests(seed) { Rate = rate, Concentration = concentration, LengthSpread = 0.3 };
        var random = new Random(seed);
        var left = new Counted[batch];
        var ids = new long[batch];
        for (var token = 0; token < Tokens; token++)
        {
            ref var request = ref left[token % batch];
            if (request.Whole == 0) (request, ids[token % batch]) = (population.Draw(1)[0], token);
            var breach = random.Next(request.Whole) < request.Part;
            request = new Counted(request.Part - (breach ? 1 : 0), request.Whole - 1);
            if (counter.Add(ids[token % batch], tenant: 0, breach)) return true;
        }

        return false;
    }
}
