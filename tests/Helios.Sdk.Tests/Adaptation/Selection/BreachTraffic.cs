using Helios.Sdk.Adaptation.Statistics;
using Helios.Sdk.Adaptation.Telemetry;
using Helios.Sdk.Tests.Adaptation.Statistics;

namespace Helios.Sdk.Tests.Adaptation.Selection;

/// <summary>Unchanged traffic under a breach counter: requests with rates of their own, some of them at once.</summary>
internal static class BreachTraffic
{
    /// <summary>Whether the counter trips.</summary>
    /// <param name="options">Window and limit.</param>
    /// <param name="population">Who comes.</param>
    /// <param name="tokens">How long it is watched.</param>
    /// <param name="batch">Requests at once.</param>
    /// <param name="seed">Of the order of a request's breaches.</param>
    public static bool Trips(AdaptationOptions options, SyntheticRequests population, int tokens, int batch, int seed)
    {
        var counter = new BreachCounter(options.BreachWindow, options.BreachLimit);
        var random = new Random(seed);
        var left = new Counted[batch];
        var ids = new long[batch];
        for (var token = 0; token < tokens; token++)
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
