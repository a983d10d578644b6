namespace Helios.Sdk;

/// <summary>
/// The exits among which a policy chooses where to look, and what a look costs and promises. It is the same for as long as
/// an operating point is served, whatever the traffic and the machine do, so that results do not depend on them.
/// </summary>
public readonly ref struct ExitLayout
{
    /// <summary>Depths of the exits below the one served, ascending.</summary>
    public required ReadOnlySpan<int> Depths { get; init; }

    /// <summary>Depth served: what a row that leaves nowhere runs to.</summary>
    public required int ServedDepth { get; init; }

    /// <summary>What a look costs for a row, in layers: the weights of the head over those of a layer.</summary>
    public required double LookCost { get; init; }

    /// <summary>
    /// Per exit the share of rows expected to be sure by then, 0..1, ascending, as far as texts scored lately tell; empty where
    /// nothing is known.
    /// </summary>
    public ReadOnlySpan<double> SureBy { get; init; }

    /// <summary>The part of the layout from a depth on.</summary>
    /// <param name="depth">Layers executed.</param>
    public ExitLayout From(int depth)
    {
        var first = 0;
        while (first < Depths.Length && Depths[first] < depth) first++;
        return new ExitLayout { Depths = Depths[first..], ServedDepth = ServedDepth, LookCost = LookCost, SureBy = SureBy.IsEmpty ? [] : SureBy[first..] };
    }

    /// <summary>
    /// Chooses the looks that together are expected to save most layers after what they cost; none when none save any. A
    /// row is taken to leave at the first look at which it is sure. Where nothing is known, every look that a row may gain
    /// by: those that cost less than the layers above.
    /// </summary>
    /// <param name="looks">One per exit; set true to look, all false on entry.</param>
    public void ChooseWorthwhile(Span<bool> looks)
    {
        if (SureBy.IsEmpty)
        {
            for (var exit = 0; exit < Depths.Length; exit++) looks[exit] = LookCost < ServedDepth - Depths[exit];
            return;
        }

        // saved[i]: the most that looks up to exit i save when i is the last of them; before[i]: the look before it.
        var saved = new double[Depths.Length];
        var before = new int[Depths.Length];
        var last = -1;
        for (var exit = 0; exit < saved.Length; exit++)
        {
            (saved[exit], before[exit]) = (Gain(-1, exit), -1);
            for (var earlier = 0; earlier < exit; earlier++)
            {
                var sum = saved[earlier] + Gain(earlier, exit);
                if (sum > saved[exit]) (saved[exit], before[exit]) = (sum, earlier);
            }

            if (saved[exit] > (last < 0 ? 0 : saved[last])) last = exit;
        }

        for (; last >= 0; last = before[last]) looks[last] = true;
    }

    /// <summary>Layers that a look saves on average over all rows, after one at an earlier exit, or -1 for none.</summary>
    private double Gain(int earlier, int exit)
    {
        var gone = earlier < 0 ? 0 : SureBy[earlier];
        return (SureBy[exit] - gone) * (ServedDepth - Depths[exit]) - (1 - gone) * LookCost;
    }
}
