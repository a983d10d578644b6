using Helios.Sdk.Adaptation.Certification;
using Helios.Sdk.Adaptation.Statistics;
using Helios.Sdk.Tests.Adaptation.Certification;
using Helios.Sdk.Tests.Adaptation.Statistics;

namespace Helios.Benchmarks.Certification;

/// <summary>
/// How often populations of known risk are certified: falsely, when their share is the bound itself, and rightly, when it is
/// under it. Three tests on the same draws: over tokens, by the scatter of whole requests, and the one that certifies.
/// </summary>
internal static class CertificationReport
{
    private const double Level = 0.05;

    private static readonly (string Name, double Concentration, double LengthSpread)[] Populations =
    [
        ("independent tokens, one length", 1e6, 0),
        ("clustered", 20, 0.8),
        ("clustered, heavy-tailed lengths", 20, 1.5),
        ("skewed", 1, 0.8),
        ("skewed, heavy-tailed lengths", 1, 1.5),
        ("a few requests all wrong", 0.05, 0.8),
    ];

    public static void Run(int trials)
    {
        const int Longest = 256;
        Console.WriteLine($"False certificates at the bound itself, {trials} trials (promised: at most {Level:P0})");
        Console.WriteLine("| population | bound | requests | over tokens | scatter of requests | betting |");
        Console.WriteLine("|---|---|---|---|---|---|");
        foreach (var (name, concentration, spread) in Populations)
        {
            foreach (var (bound, requests) in new[] { (0.02, 400), (0.05, 250) })
            {
                var population = new SyntheticRequests(seed: 17) { Rate = bound, Concentration = concentration, LengthSpread = spread, LongestRequest = Longest };
                Console.WriteLine($"| {name} | {bound:P0} | {requests} | {Certified(population, requests, bound, Longest, trials)} |");
            }
        }

        Console.WriteLine();
        Console.WriteLine($"Power: certified at 2 %, requests of at most 64 tokens, {trials / 4} trials");
        Console.WriteLine("| population | its share | requests | over tokens | scatter of requests | betting |");
        Console.WriteLine("|---|---|---|---|---|---|");
        foreach (var (name, concentration, spread) in Populations.Take(4))
        {
            foreach (var (share, requests) in new[] { (0.002, 300), (0.01, 500), (0.01, 1000), (0.01, 2000) })
            {
                var population = new SyntheticRequests(seed: 18) { Rate = share, Concentration = concentration, LengthSpread = spread, LongestRequest = 64 };
                Console.WriteLine($"| {name} | {share:P1} | {requests} | {Certified(population, requests, 0.02, 64, trials / 4)} |");
            }
        }
    }

    private static string Certified(SyntheticRequests population, int requests, double bound, int longest, int trials)
    {
        var (tokens, scatter, betting) = (0, 0, 0);
        for (var trial = 0; trial < trials; trial++)
        {
            var drawn = population.Draw(requests);
            if (TokenLevelTest.PValue(drawn, bound) <= Level) tokens++;
            if (IsUnderByScatter(drawn, bound)) scatter++;
            if (RiskTest.PValue(drawn, bound, longest) <= Level) betting++;
        }

        return $"{(double)tokens / trials:P1} | {(double)scatter / trials:P1} | {(double)betting / trials:P1}";
    }

    /// <summary>The one-sided normal test of whole requests: the mean of <c>part - bound whole</c> is below 0 by 1.645 standard errors.</summary>
    private static bool IsUnderByScatter(Counted[] requests, double bound)
    {
        var excess = requests.Select(request => request.Part - bound * request.Whole).ToArray();
        var mean = excess.Average();
        var error = Math.Sqrt(excess.Sum(value => (value - mean) * (value - mean)) / (excess.Length - 1) / excess.Length);
        return mean + 1.645 * error < 0;
    }
}
