using System.Collections.Immutable;
using System.Text.Json;

namespace Helios.Benchmarks.Serving;

/// <summary>Goodput of each system over a ladder of rates: what the picture is drawn from. Figures of a point are medians over the rounds.</summary>
/// <param name="Trace">Whose arrivals and lengths.</param>
/// <param name="Requests">Requests of the whole trace.</param>
/// <param name="PromptFactor">Tokens of a prompt here over tokens there.</param>
/// <param name="AnswerFactor">Tokens of an answer here over tokens there.</param>
/// <param name="Machine">Processors, as the runtime sees them.</param>
/// <param name="Date">When it was measured.</param>
/// <param name="Plan">How it was measured.</param>
/// <param name="Curves">One for each system.</param>
internal sealed record GoodputResults(
    string Trace, int Requests, double PromptFactor, double AnswerFactor, string Machine, DateOnly Date, GoodputPlan Plan, ImmutableArray<GoodputCurve> Curves)
{
    private static readonly JsonSerializerOptions Json = new(JsonSerializerDefaults.Web) { WriteIndented = true };

    public static GoodputResults Read(string path) =>
        JsonSerializer.Deserialize<GoodputResults>(File.ReadAllText(path), Json) ?? throw new InvalidDataException($"{path}: no results.");

    public void Write(string path) => File.WriteAllText(path, JsonSerializer.Serialize(this, Json) + "\n");
}

/// <summary>How goodput is measured.</summary>
/// <param name="TtftMs">Limit for the first token, from arrival.</param>
/// <param name="TpotMs">Limit for the mean time of each further token.</param>
/// <param name="Rates">Requests a second, ascending.</param>
/// <param name="Seconds">Seconds in which requests arrive.</param>
/// <param name="Rounds">Rounds over everything.</param>
/// <param name="WarmUp">Requests answered before, in a closed loop; those of HELIOS's evaluation among them.</param>
internal sealed record GoodputPlan(double TtftMs, double TpotMs, ImmutableArray<double> Rates, double Seconds, int Rounds, int WarmUp)
{
    /// <summary>Requests that arrive at a rate and are measured.</summary>
    public int Measured(double rate) => Math.Max(2, (int)Math.Round(rate * Seconds));
}

/// <summary>Goodput of one system.</summary>
/// <param name="System">Its name.</param>
/// <param name="RateAt90">Highest rate at which nine in ten requests are within both limits, between rates by a straight line; null when the lowest rate is too high.</param>
/// <param name="Points">By rate, ascending.</param>
internal sealed record GoodputCurve(string System, double? RateAt90, ImmutableArray<GoodputPoint> Points)
{
    private const double Wanted = 0.9;

    public static GoodputCurve Of(string system, ImmutableArray<GoodputPoint> points)
    {
        var good = points.TakeWhile(point => point.Share >= Wanted).Count();
        if (good == 0) return new GoodputCurve(system, null, points);
        var last = points[good - 1];
        if (good == points.Length) return new GoodputCurve(system, last.Rate, points);
        var next = points[good];
        var rate = last.Rate + (next.Rate - last.Rate) * (last.Share - Wanted) / (last.Share - next.Share);
        return new GoodputCurve(system, rate, points);
    }
}

/// <summary>A system at a rate.</summary>
/// <param name="Rate">Requests a second.</param>
/// <param name="Share">Share of requests within both limits.</param>
/// <param name="Shares">The same of each round.</param>
/// <param name="TtftP50Ms">Median time to the first token.</param>
/// <param name="TtftP95Ms">What 95 % do not pass.</param>
/// <param name="TpotP50Ms">Median time of each further token.</param>
/// <param name="TpotP95Ms">What 95 % do not pass.</param>
/// <param name="TokensPerSecond">Tokens answered, over the time from the first request to the last answer.</param>
/// <param name="MeanDepth">Layers a token ran through.</param>
/// <param name="Agreement">Share of tokens equal to the same model's full-depth token, of a sample of the first round.</param>
/// <param name="QualityGap">Bits per byte above the best whole model, of the same sample.</param>
/// <param name="Points">What answered most requests, by round.</param>
internal sealed record GoodputPoint(
    double Rate,
    double Share,
    ImmutableArray<double> Shares,
    double? TtftP50Ms,
    double? TtftP95Ms,
    double? TpotP50Ms,
    double? TpotP95Ms,
    double? TokensPerSecond,
    double? MeanDepth,
    double? Agreement,
    double? QualityGap,
    ImmutableArray<string> Points);
