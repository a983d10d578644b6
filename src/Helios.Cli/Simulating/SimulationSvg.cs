using System.Globalization;
using System.Net;
using System.Text;
using Helios.Sdk.Simulation;

namespace Helios.Cli.Simulating;

/// <summary>Draws a simulation over time: phases, throughput, load, depth coloured by model, breaches and changes.</summary>
internal sealed class SimulationSvg
{
    private const int Width = 960;
    private const int Left = 70;
    private const int Right = 20;
    private const int LaneHeight = 90;
    private const int LaneGap = 34;
    private const int Top = 50;
    private static readonly string[] Colours = ["#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9"];

    private readonly StringBuilder svg = new();
    private readonly SimulationScript script;
    private readonly SimulationReport report;
    private readonly double seconds;

    private SimulationSvg(SimulationScript script, SimulationReport report)
    {
        this.script = script;
        this.report = report;
        seconds = Math.Max(report.Seconds, 1e-9);
    }

    private static int Height => Top + 3 * (LaneHeight + LaneGap) + 40;

    public static string Draw(SimulationScript script, SimulationReport report) => new SimulationSvg(script, report).Draw();

    private string Draw()
    {
        Add(Invariant($"<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{Width}\" height=\"{Height}\" font-family=\"sans-serif\" font-size=\"11\">"));
        Add(Invariant($"<rect width=\"{Width}\" height=\"{Height}\" fill=\"white\"/>"));
        Text(Left, 18, Invariant($"{report.Script}: {report.Requests:N0} requests, {report.Throughput:0} tokens a second"), "font-size=\"14\"");
        DrawPhases();
        var throughput = Lane(0, "tokens a second", report.Samples.Max(sample => sample.Throughput));
        Line(throughput, sample => sample.Throughput, "#333333");
        var load = Lane(1, "running, waiting", report.Samples.Max(sample => Math.Max(sample.Running, sample.Waiting)));
        Line(load, sample => sample.Waiting, "#bbbbbb");
        Line(load, sample => sample.Running, "#333333");
        var depth = Lane(2, "mean depth", script.Models.Max(model => model.Layers));
        DrawDepth(depth);
        DrawChanges();
        DrawLegend();
        Add("</svg>");
        return svg.ToString();
    }

    private void DrawPhases()
    {
        for (var i = 0; i < report.Samples.Length;)
        {
            var phase = report.Samples[i].Phase;
            var from = i == 0 ? 0 : report.Samples[i - 1].Seconds;
            while (i < report.Samples.Length && report.Samples[i].Phase == phase) i++;
            var (x, width) = (X(from), X(report.Samples[i - 1].Seconds) - X(from));
            Add(Invariant($"<rect x=\"{N(x)}\" y=\"{Top - 18}\" width=\"{N(width)}\" height=\"{Height - Top - 22}\" fill=\"{(phase % 2 == 0 ? "#f4f4f4" : "#ffffff")}\"/>"));
            if (width > 60) Text(x + 3, Top - 6, script.Phases[phase].Name, "fill=\"#777777\"");
        }
    }

    private (int Bottom, double Most) Lane(int lane, string name, double most)
    {
        var bottom = Top + (lane + 1) * (LaneHeight + LaneGap) - LaneGap;
        most = Math.Max(most, 1e-9);
        Add(Invariant($"<line x1=\"{Left}\" y1=\"{bottom}\" x2=\"{Width - Right}\" y2=\"{bottom}\" stroke=\"#999999\"/>"));
        Text(Left - 6, bottom, "0", "text-anchor=\"end\"");
        Text(Left - 6, bottom - LaneHeight + 10, most.ToString(most < 100 ? "0.#" : "0", CultureInfo.InvariantCulture), "text-anchor=\"end\"");
        Text(Left + 4, bottom + 14, name, "fill=\"#777777\"");
        return (bottom, most);
    }

    private void Line((int Bottom, double Most) lane, Func<SimulationSample, double> value, string colour)
    {
        var points = string.Join(' ', report.Samples.Select(sample => $"{N(X(sample.Seconds))},{N(Y(lane, value(sample)))}"));
        Add($"<polyline points=\"{points}\" fill=\"none\" stroke=\"{colour}\"/>");
    }

    private void DrawDepth((int Bottom, double Most) lane)
    {
        var (from, breaches) = (0.0, 0L);
        foreach (var sample in report.Samples)
        {
            var y = N(Y(lane, sample.MeanDepth));
            Add($"<line x1=\"{N(X(from))}\" y1=\"{y}\" x2=\"{N(X(sample.Seconds))}\" y2=\"{y}\" stroke=\"{Colour(sample.Point.Target.Model)}\" stroke-width=\"3\"/>");
            if (sample.Breaches > breaches) Add(Invariant($"<circle cx=\"{N(X(sample.Seconds))}\" cy=\"{lane.Bottom - LaneHeight}\" r=\"3\" fill=\"#cc0000\"><title>breach</title></circle>"));
            (from, breaches) = (sample.Seconds, sample.Breaches);
        }
    }

    private void DrawChanges()
    {
        foreach (var change in report.Changes)
        {
            var x = N(X(change.Seconds));
            Add(Invariant($"<line x1=\"{x}\" y1=\"{Top}\" x2=\"{x}\" y2=\"{Height - 40}\" stroke=\"{Colour(change.Chosen.Target.Model)}\" stroke-dasharray=\"2 3\">")
                + $"<title>{WebUtility.HtmlEncode(Invariant($"{change.Seconds:0.0} s, {change.Trigger}: {change.Previous} to {change.Chosen}, {change.Reason}"))}</title></line>");
        }
    }

    private void DrawLegend()
    {
        var x = (double)Left;
        foreach (var model in script.Models)
        {
            Add(Invariant($"<rect x=\"{N(x)}\" y=\"{Height - 22}\" width=\"10\" height=\"10\" fill=\"{Colour(model.Name)}\"/>"));
            Text(x + 14, Height - 13, model.Name, "");
            x += 30 + 7 * model.Name.Length;
        }

        Text(x + 10, Height - 13, "dashes: changes of the active point; red: breaches", "fill=\"#777777\"");
        Text(Width - Right, Height - 13, Invariant($"{seconds:0.#} simulated seconds"), "text-anchor=\"end\" fill=\"#777777\"");
    }

    private string Colour(string model)
    {
        var index = 0;
        while (script.Models[index].Name != model) index++;
        return Colours[index % Colours.Length];
    }

    private double X(double at) => Left + (Width - Left - Right) * at / seconds;

    private static double Y((int Bottom, double Most) lane, double value) => lane.Bottom - LaneHeight * value / lane.Most;

    private static string N(double value) => value.ToString("0.#", CultureInfo.InvariantCulture);

    private void Text(double x, double y, string text, string attributes) =>
        Add($"<text x=\"{N(x)}\" y=\"{N(y)}\" {attributes}>{WebUtility.HtmlEncode(text)}</text>");

    private void Add(string element) => svg.Append(element).Append('\n');
}
