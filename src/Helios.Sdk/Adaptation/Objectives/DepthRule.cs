using System.Globalization;
using Helios.Sdk.Naming;

namespace Helios.Sdk.Adaptation.Objectives;

/// <summary>How a depth is found fit to serve, as configuration names it: <c>constrained</c>, or <c>coverage:0.9</c>.</summary>
/// <param name="Coverage">Share of tokens that must leave up to a depth; null asks for a breach rate under its ceiling instead.</param>
internal sealed record DepthRule(double? Coverage)
{
    private const string Constrained = "constrained";
    private const string CoveragePrefix = "coverage:";

    /// <summary>Finds a rule.</summary>
    /// <param name="text">What configuration says.</param>
    /// <exception cref="InvalidOptionException">There is no such rule.</exception>
    public static DepthRule Parse(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        if (Names.Same(text, Constrained)) return new DepthRule(Coverage: null);
        if (text.StartsWith(CoveragePrefix, StringComparison.OrdinalIgnoreCase)
            && double.TryParse(text.AsSpan(CoveragePrefix.Length), NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var share)
            && share is > 0 and <= 1)
            return new DepthRule(share);
        throw new InvalidOptionException(new OptionFault($"{nameof(HeliosOptions.Adaptation)}:{nameof(AdaptationOptions.DepthRule)}", $"'{text}'", "constrained, or coverage with a share above 0 and at most 1, such as coverage:0.9")
        {
            Note = NearMiss.Question(text.Split(':')[0], [Constrained, CoveragePrefix.TrimEnd(':')]),
        });
    }

    /// <summary>Puts an objective under the rule.</summary>
    /// <param name="objective">What scores the points that meet it.</param>
    /// <param name="maxBreachRate">Highest breach rate of a point chosen under <c>constrained</c>, 0..1.</param>
    public ISloObjective Apply(ISloObjective objective, Func<PointProfile, double> maxBreachRate) =>
        Coverage is { } minimum ? new CoverageFloor(objective, minimum) : new BreachCeiling(objective, maxBreachRate);
}
