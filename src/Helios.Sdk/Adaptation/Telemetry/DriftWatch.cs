using Helios.Sdk.Serving.Routing;

namespace Helios.Sdk.Adaptation.Telemetry;

/// <summary>
/// Whether confidence or exit depth of what one route serves drifts. Tokens of one request are alike, so it compares means over
/// all tokens emitted while <see cref="RequestsPerValue"/> requests end, or twice as many as run at once: two values in a row
/// then share few requests, and are as independent as the test takes them to be. Device thread; allocates nothing per token.
/// </summary>
/// <param name="served">The published route.</param>
internal sealed class DriftWatch(Route served)
{
    public const int RequestsPerValue = 8;

    private PageHinkley confidence;
    private PageHinkley depth;
    private double confidences;
    private double depths;
    private int tokens;
    private int ended;

    public void Note(in EmittedToken token)
    {
        if (!ReferenceEquals(token.Route, served)) return;
        confidences += token.Confidence;
        depths += token.Depth;
        tokens++;
    }

    /// <summary>A request ended; true when what it brought shows a drift.</summary>
    /// <param name="route">What served it.</param>
    /// <param name="batch">Requests that run at once, on average.</param>
    public bool NoteEnd(Route route, double batch)
    {
        if (!ReferenceEquals(route, served) || ++ended < Math.Max(RequestsPerValue, 2 * batch) || tokens == 0) return false;
        var drifted = confidence.Add(confidences / tokens) | depth.Add(depths / tokens);
        (confidences, depths, tokens, ended) = (0, 0, 0, 0);
        return drifted;
    }
}
