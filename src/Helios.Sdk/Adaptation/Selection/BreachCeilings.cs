using System.Numerics;
using Helios.Sdk.Adaptation.Statistics;
using Helios.Sdk.Adaptation.Telemetry;

namespace Helios.Sdk.Adaptation.Selection;

/// <summary>
/// The highest breach rate at which a point may be chosen: a margin below limit / window, and low enough that an interval of
/// unchanged traffic alarms with probability <see cref="FalseAlarms"/> at most. Tokens of one request are alike, so a window
/// scatters as fewer independent tokens would (its design effect); as few as when requests run one at a time, for load may
/// fall between two reassessments. Belongs to the adaptation loop.
/// </summary>
/// <param name="options">Window, limit and margin.</param>
internal sealed class BreachCeilings(AdaptationOptions options)
{
    /// <summary>Probability of an alarm within an interval of unchanged traffic.</summary>
    public const double FalseAlarms = 0.05;

    private readonly Dictionary<(int Window, int Tokens), double> solved = [];

    /// <summary>The ceiling of each point for intervals as they are now.</summary>
    /// <param name="lengths">Lengths of a usual request.</param>
    public Func<PointProfile, double> For(UsualLengths lengths)
    {
        var tokens = TokensPerInterval(lengths);
        return profile => Of(profile.BreachClustering ?? Clustering.Usual, tokens);
    }

    /// <summary>The ceiling.</summary>
    /// <param name="clustering">How alike the tokens of a request are, 0..1.</param>
    /// <param name="tokensPerInterval">Tokens served between two reassessments.</param>
    public double Of(double clustering, int tokensPerInterval)
    {
        var alike = BreachCounter.MostOfOneRequest(options.BreachLimit);
        var effect = 1 + (alike - 1) * clustering;
        var window = Math.Max(2, (int)Math.Round(options.BreachWindow / effect));
        // Rounded up to a power of two: it matters by its logarithm, and few are solved.
        var tokens = (int)Math.Min(int.MaxValue, BitOperations.RoundUpToPowerOf2((ulong)(tokensPerInterval * (double)window / options.BreachWindow) + 1));
        if (!solved.TryGetValue((window, tokens), out var rate)) solved[(window, tokens)] = rate = Solve(window, tokens);
        return Math.Clamp((double)options.BreachLimit / options.BreachWindow - options.BreachMargin, 0, rate);
    }

    /// <summary>Tokens answered with between two reassessments.</summary>
    public int TokensPerInterval(UsualLengths lengths) =>
        (int)Math.Min(int.MaxValue, (long)options.ReassessEveryRequests * Math.Max(1, lengths.Total - lengths.Prompt));

    private double Solve(int window, int tokens)
    {
        var limit = Math.Clamp((int)((long)options.BreachLimit * window / options.BreachWindow), 1, window - 1);
        return BreachAlarm.SafeRate(window, limit, tokens, FalseAlarms);
    }
}
