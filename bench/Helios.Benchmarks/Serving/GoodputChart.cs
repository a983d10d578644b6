using System.Collections.Immutable;
using System.Globalization;
using System.Security;
using System.Text;

namespace Helios.Benchmarks.Serving;

/// <summary>Draws the share of requests within limits over the rate, a curve a system, on light and dark ground alike.</summary>
internal sealed class GoodputChart
{
    private const double Width = 860;
    private const double Height = 480;
    private const double Left = 64;
    private const double Right = 28;
    private const double Top = 92;
    private const double Bottom = 60;

    private static readonly ImmutableArray<double> LegendAt = [0, 236, 520];

    /// <summary>Colours by class: text, faint text, grid, and the systems in their order.</summary>
    private const string Style = """
        <style>
        .ground { fill: #ffffff } .text { fill: #1f2328 } .faint { fill: #59636e } .grid { stroke: #d1d9e0 } .wanted { stroke: #59636e; stroke-dasharray: 5 4 }
        .curve { fill: none; stroke-width: 2.5 } .spread { stroke-width: 1.2 }
        .s0 { stroke: #6e7781 } .s1 { stroke: #bc4c00 } .s2 { stroke: #0969da } .f0 { fill: #6e7781 } .f1 { fill: #bc4c00 } .f2 { fill: #0969da }
        @media (prefers-color-scheme: dark) {
        .ground { fill: #0d1117 } .text { fill: #e6edf3 } .faint { fill: #9198a1 } .grid { stroke: #30363d } .wanted { stroke: #9198a1 }
        .s0 { stroke: #9198a1 } .s1 { stroke: #f0883e } .s2 { stroke: #58a6ff } .f0 { fill: #9198a1 } .f1 { fill: #f0883e } .f2 { fill: #58a6ff } }
        </style>

        """;

    private readonly StringBuilder svg = new();
    private readonly GoodputResults results;
    private readonly double most;

    private GoodputChart(GoodputResults results)
    {
        this.results = results;
        most = results.Plan.Rates[^1];
    }

    public static string Draw(GoodputResults results)
    {
        var chart = new GoodputChart(results);
        chart.Begin();
        chart.DrawGrid();
        for (var i = 0; i < results.Curves.Length; i++) chart.DrawCurve(results.Curves[i], i);
        chart.svg.Append("</svg>\n");
        return chart.svg.ToString();
    }

    private static string N(double value) => value.ToString("0.##", CultureInfo.InvariantCulture);

    private static double Y(double share) => Height - Bottom - share * (Height - Bottom - Top);

    private double X(double rate) => Left + rate / most * (Width - Right - Left);

    private void Begin()
    {
        var plan = results.Plan;
        svg.Append($"<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {N(Width)} {N(Height)}\" font-family=\"system-ui, sans-serif\" font-size=\"12\">\n");
        svg.Append(Style);
        svg.Append($"<rect width=\"{N(Width)}\" height=\"{N(Height)}\" class=\"ground\"/>\n");
        Text(Left, 26, $"Azure trace '{results.Trace}': requests within {N(plan.TtftMs)} ms to the first token and {N(plan.TpotMs)} ms for each further one", "start", "text", "font-size=\"14\" font-weight=\"600\"");
        Text(Left, 46, $"{results.Machine}, {results.Date:yyyy-MM-dd}; arrivals of {N(plan.Seconds)} s behind a warm-up; medians of {plan.Rounds}, bars from least to most", "start", "faint");
        Text((Left + Width - Right) / 2, Height - 16, "requests a second", "middle", "text");
    }

    private void DrawGrid()
    {
        for (var percent = 0; percent <= 100; percent += 20)
        {
            Line(Left, Y(percent / 100.0), Width - Right, Y(percent / 100.0), "grid");
            Text(Left - 8, Y(percent / 100.0) + 4, $"{percent} %", "end", "faint");
        }

        foreach (var rate in results.Plan.Rates) Text(X(rate), Height - Bottom + 18, N(rate), "middle", "faint");
        Line(Left, Y(0.9), Width - Right, Y(0.9), "wanted");
    }

    /// <summary>A curve, its marks (each system has its own, for eyes that see no colours), the spread of its rounds, and its line of the legend.</summary>
    private void DrawCurve(GoodputCurve curve, int system)
    {
        foreach (var point in curve.Points) Line(X(point.Rate), Y(point.Shares.Min()), X(point.Rate), Y(point.Shares.Max()), $"spread s{system}");
        svg.Append($"<polyline points=\"{string.Join(' ', curve.Points.Select(point => $"{N(X(point.Rate))},{N(Y(point.Share))}"))}\" class=\"curve s{system}\"/>\n");
        foreach (var point in curve.Points) Mark(X(point.Rate), Y(point.Share), system);

        var at = Left + 8 + LegendAt[system];
        Mark(at, Top - 24, system);
        Text(at + 12, Top - 20, $"{curve.System}: {(curve.RateAt90 is { } rate ? $"90 % up to {Math.Round(rate)} a second" : "below 90 %")}", "start", "text");
    }

    private void Mark(double x, double y, int system) => svg.Append(system switch
    {
        0 => $"<rect x=\"{N(x - 4.5)}\" y=\"{N(y - 4.5)}\" width=\"9\" height=\"9\" class=\"f0\"/>\n",
        1 => $"<path d=\"M{N(x)} {N(y - 6)} L{N(x + 5.5)} {N(y + 4)} L{N(x - 5.5)} {N(y + 4)} Z\" class=\"f1\"/>\n",
        _ => $"<circle cx=\"{N(x)}\" cy=\"{N(y)}\" r=\"5\" class=\"f2\"/>\n",
    });

    private void Line(double x1, double y1, double x2, double y2, string kind) =>
        svg.Append($"<line x1=\"{N(x1)}\" y1=\"{N(y1)}\" x2=\"{N(x2)}\" y2=\"{N(y2)}\" class=\"{kind}\"/>\n");

    private void Text(double x, double y, string text, string anchor, string kind, string style = "") =>
        svg.Append($"<text x=\"{N(x)}\" y=\"{N(y)}\" text-anchor=\"{anchor}\" class=\"{kind}\" {style}>{SecurityElement.Escape(text)}</text>\n");
}
