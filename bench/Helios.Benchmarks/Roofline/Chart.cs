using System.Collections.Immutable;
using System.Globalization;
using System.Text;

namespace Helios.Benchmarks.Roofline;

/// <summary>Draws results as a roofline: operations a second over operations a byte, both axes logarithmic.</summary>
internal sealed class Chart
{
    private const double Width = 860;
    private const double Height = 540;
    private const double Left = 76;
    private const double Right = 24;
    private const double Top = 64;
    private const double Bottom = 64;

    private static readonly string[] Colours = ["#1f6feb", "#2da44e", "#bf8700", "#8250df"];
    private static readonly ImmutableArray<int> Steps = [1, 2, 5];

    private readonly StringBuilder svg = new();
    private readonly Axis x;
    private readonly Axis y;

    private Chart(Results results)
    {
        var most = results.Peaks.Max(peak => peak.Gflops);
        x = Axis.Over([.. results.Points.Select(point => point.FlopsPerByte), .. results.Peaks.Select(peak => peak.Gflops / peak.GbPerS)], Left, Width - Right);
        y = Axis.Over([.. results.Points.Select(point => point.Gflops), most], Height - Bottom, Top);
    }

    public static string Draw(Results results)
    {
        var chart = new Chart(results);
        chart.Begin(results);
        chart.DrawGrid();
        foreach (var peak in results.Peaks) chart.DrawRoof(peak);
        chart.DrawPoints(results.Points);
        chart.svg.Append("</svg>\n");
        return chart.svg.ToString();
    }

    private static string N(double value) => value.ToString("0.##", CultureInfo.InvariantCulture);

    private void Begin(Results results)
    {
        svg.Append($"<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {N(Width)} {N(Height)}\" font-family=\"system-ui, sans-serif\" font-size=\"12\">\n");
        svg.Append($"<rect width=\"{N(Width)}\" height=\"{N(Height)}\" fill=\"#ffffff\"/>\n");
        Text(Left, 24, results.Shape, "start", "font-size=\"14\" font-weight=\"600\"");
        Text(Left, 42, $"{results.Device}, {results.Date:yyyy-MM-dd}. Roofs: measured streaming reads and FP32 multiply-add.", "start", "fill=\"#57606a\"");
        Text((Left + Width - Right) / 2, Height - 18, "operations per byte of weights", "middle");
        svg.Append($"<text transform=\"translate(20 {N((Top + Height - Bottom) / 2)}) rotate(-90)\" text-anchor=\"middle\">GFLOP/s</text>\n");
    }

    private void DrawGrid()
    {
        foreach (var value in x.Ticks(Steps))
        {
            Line(x.At(value), Top, x.At(value), Height - Bottom, "stroke=\"#eaeef2\"");
            Text(x.At(value), Height - Bottom + 18, N(value), "middle", "fill=\"#57606a\"");
        }

        foreach (var value in y.Ticks(Steps))
        {
            Line(Left, y.At(value), Width - Right, y.At(value), "stroke=\"#eaeef2\"");
            Text(Left - 8, y.At(value) + 4, N(value), "end", "fill=\"#57606a\"");
        }
    }

    private void DrawRoof(Peak peak)
    {
        var ridge = peak.Gflops / peak.GbPerS;
        var foot = Math.Max(x.Low, y.Low / peak.GbPerS);
        string[] corners = [Corner(foot, foot * peak.GbPerS), Corner(ridge, peak.Gflops), Corner(x.High, peak.Gflops)];
        svg.Append($"<polyline points=\"{string.Join(' ', corners)}\" fill=\"none\" stroke=\"#24292f\" stroke-width=\"1.5\"/>\n");
        var threads = peak.Threads == 1 ? "1 thread" : $"{peak.Threads} threads";
        Text(x.At(x.High) - 4, y.At(peak.Gflops) - 6, $"{threads}: {N(Math.Round(peak.GbPerS, 1))} GB/s, {Math.Round(peak.Gflops)} GFLOP/s", "end");
    }

    // Speeds stand in the legend: sixteen of them beside the points would lie over each other.
    private void DrawPoints(ImmutableArray<Point> points)
    {
        var precisions = points.Select(point => point.Precision).Distinct(StringComparer.Ordinal).ToList();
        for (var i = 0; i < precisions.Count; i++)
        {
            var colour = Colours[i % Colours.Length];
            var own = points.Where(point => point.Precision == precisions[i]).OrderBy(point => point.FlopsPerByte).ToList();
            var legend = Top + 16 + 18 * i;
            Dot(Left + 18, legend - 4, colour);
            Text(Left + 30, legend, $"{precisions[i]}: {string.Join(", ", own.Select(point => $"{point.Label} {Math.Round(point.TokensPerSecond)}"))} tok/s", "start");
            foreach (var point in own)
            {
                Dot(x.At(point.FlopsPerByte), y.At(point.Gflops), colour);
                Text(x.At(point.FlopsPerByte), y.At(point.Gflops) - 9, point.Label, "middle", $"fill=\"{colour}\"");
            }
        }
    }

    private string Corner(double flopsPerByte, double gflops) => $"{N(x.At(flopsPerByte))},{N(y.At(gflops))}";

    private void Dot(double cx, double cy, string colour) => svg.Append($"<circle cx=\"{N(cx)}\" cy=\"{N(cy)}\" r=\"5\" fill=\"{colour}\"/>\n");

    private void Line(double x1, double y1, double x2, double y2, string style) =>
        svg.Append($"<line x1=\"{N(x1)}\" y1=\"{N(y1)}\" x2=\"{N(x2)}\" y2=\"{N(y2)}\" {style}/>\n");

    private void Text(double at, double baseline, string text, string anchor, string style = "") =>
        svg.Append($"<text x=\"{N(at)}\" y=\"{N(baseline)}\" text-anchor=\"{anchor}\" {style}>{System.Security.SecurityElement.Escape(text)}</text>\n");

    /// <summary>A logarithmic axis from one pixel to another.</summary>
    private sealed record Axis(double Low, double High, double From, double To)
    {
        /// <summary>Room for some values, and a little more at either end.</summary>
        public static Axis Over(double[] values, double from, double to) => new(values.Min() / 1.6, values.Max() * 2.5, from, to);

        public double At(double value) => From + (To - From) * Math.Log(value / Low) / Math.Log(High / Low);

        /// <summary>Round values within it.</summary>
        public IEnumerable<double> Ticks(ImmutableArray<int> steps) =>
            from power in Enumerable.Range(-3, 10)
            from step in steps
            let value = step * Math.Pow(10, power)
            where value >= Low && value <= High
            select value;
    }
}
