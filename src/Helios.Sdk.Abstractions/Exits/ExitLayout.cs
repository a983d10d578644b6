namespace Helios.Sdk.ExitPolicies;

/// <summary>
/// The exits among which a policy chooses those to check, and what a check costs. It is a function of model, depth and policy
/// alone, whatever the traffic and the machine do, so that an operating point always gives the same answers.
/// </summary>
public readonly ref struct ExitLayout
{
    /// <summary>Depths of the exits below the one served, ascending.</summary>
    public required ReadOnlySpan<int> Depths { get; init; }

    /// <summary>Depth served: what a row that leaves nowhere runs to.</summary>
    public required int ServedDepth { get; init; }

    /// <summary>What a check costs for a row, in layers: the weights of the head over those of a layer.</summary>
    public required double CheckCost { get; init; }

    /// <summary>The part of the layout from a depth on.</summary>
    /// <param name="depth">Layers executed.</param>
    public ExitLayout From(int depth)
    {
        var first = 0;
        while (first < Depths.Length && Depths[first] < depth) first++;
        return new ExitLayout { Depths = Depths[first..], ServedDepth = ServedDepth, CheckCost = CheckCost };
    }

    /// <summary>Chooses the checks that a row may gain by: those that cost less than the layers above, which it is spared if it leaves.</summary>
    /// <param name="checks">One per exit; set true to check, all false on entry.</param>
    public void ChooseWorthwhile(Span<bool> checks)
    {
        for (var exit = 0; exit < Depths.Length; exit++) checks[exit] = CheckCost < ServedDepth - Depths[exit];
    }
}
