namespace Helios.Sdk.Adaptation.Telemetry;

/// <summary>
/// Whether confidence or exit depth of what one route serves drifts. Tokens of one request are alike, so it looks at means over
/// all tokens emitted while <see cref="RequestsPerValue"/> requests end. Device thread; allocates nothing per token.
/// </summary>
/// <param name="served">The published route.</param>
internal sealed class DriftWatch(object served)
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
    public bool NoteEnd(object route)
    {
        if (!ReferenceEquals(route, served) || ++ended < RequestsPerValue || tokens == 0) return false;
        var drifted = confidence.Add(confidences / tokens) | depth.Add(depths / tokens);
        (confidences, depths, tokens, ended) = (0, 0, 0, 0);
        return drifted;
    }
}
