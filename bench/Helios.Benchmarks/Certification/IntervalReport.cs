using Helios.Sdk;
using Helios.Sdk.Adaptation.Statistics;
using Helios.Sdk.Tests.Adaptation.Statistics;

namespace Helios.Benchmarks.Certification;

/// <summary>How often intervals of a share hold the truth, 95 % being promised, on tokens clustered by request.</summary>
internal static class IntervalReport
{
    private const double Truth = 0.1;
    private const int Resamples = 1000;

    private static readonly (string Name, double Concentration, double LengthSpread, int Longest)[] Populations =
    [
        ("clustered, lengths of a heavy tail", 20, 0.8, 400),
        ("skewed: a tenth of the requests has nearly all", 1, 0.8, 400),
        ("skewed, lengths of a very heavy tail", 1, 2, 4000),
    ];

    public static void Run(int trials)
    {
        foreach (var population in Populations)
        {
            Console.WriteLine($"{population.Name}:");
            Run(trials, population.Concentration, population.LengthSpread, population.Longest);
        }
    }

    private static void Run(int trials, double concentration, double lengthSpread, int longest)
    {
        Console.WriteLine("| requests | percentile bootstrap | jackknife with t | Jackknife.Share | over tokens |");
        Console.WriteLine("|---|---|---|---|---|");
        foreach (var requests in new[] { 5, 10, 15, 30, 60 })
        {
            var population = new SyntheticRequests(seed: 5) { Rate = Truth, Concentration = concentration, LengthSpread = lengthSpread, LongestRequest = longest };
            var held = new int[4];
            for (var trial = 0; trial < trials; trial++)
            {
                var drawn = population.Draw(requests);
                Interval?[] intervals = [Bootstrap(drawn, trial), Plain(drawn), Jackknife.Share(drawn), OverTokens(drawn)];
                for (var i = 0; i < held.Length; i++)
                {
                    if (intervals[i]?.Contains(Truth) == true) held[i]++;
                }
            }

            Console.WriteLine($"| {requests} | {string.Join(" | ", held.Select(count => $"{(double)count / trials:P0}"))} |");
        }
    }

    private static double ShareOf(IEnumerable<Counted> requests) =>
        requests.Aggregate((Part: 0.0, Whole: 0.0), (sum, request) => (sum.Part + request.Part, sum.Whole + request.Whole), sum => sum.Part / sum.Whole);

    private static Interval? Bootstrap(Counted[] requests, int seed)
    {
        var random = new Random(seed);
        var shares = Enumerable.Range(0, Resamples).Select(_ => ShareOf(random.GetItems(requests, requests.Length))).Order().ToArray();
        return new Interval(shares[Resamples / 40], shares[^(Resamples / 40)]);
    }

    private static Interval? Plain(Counted[] requests) =>
        Jackknife.Around(ShareOf(requests), [.. requests.Select((_, i) => ShareOf(requests.Where((_, j) => j != i)))]);

    private static Interval? OverTokens(Counted[] requests)
    {
        var (share, tokens) = (ShareOf(requests), requests.Sum(request => request.Whole));
        var reach = 1.96 * Math.Sqrt(share * (1 - share) / tokens);
        return new Interval(share - reach, share + reach);
    }
}
