namespace Helios.Sdk.ExitPolicies;

/// <summary>
/// The exits that a policy may check, and the cost of a check. It depends only on model, depth and policy, not on traffic or the
/// machine, so an operating point always gives the same answers.
/// </summary>
public readonly ref struct ExitLayout
{
    /// <summary>Depths of the exits below the served depth, ascending.</summary>
    public required ReadOnlySpan<int> Depths { get; init; }

    /// <summary>Served depth: a row that leaves at no exit runs to it.</summary>
    public required int ServedDepth { get; init; }

    /// <summary>Cost of a check for a row, in layers: the ratio of the weights of the head, and of what exits compute before it, to those of a layer.</summary>
    public required double CheckCost { get; init; }

    /// <summary>The part of the layout from a depth on.</summary>
    /// <param name="depth">Layers executed.</param>
    public ExitLayout From(int depth)
    {
        var first = 0;
        while (first < Depths.Length && Depths[first] < depth) first++;
        return new ExitLayout { Depths = Depths[first..], ServedDepth = ServedDepth, CheckCost = CheckCost };
    }

    /// <summary>Chooses the checks that can save time: those that cost less than the layers above, which a leaving row does not run.</summary>
    /// <param name="checks">One per exit; set true to check, all false on entry.</param>
    public void ChooseWorthwhile(Span<bool> checks)
    {
        for (var exit = 0; exit < Depths.Length; exit++) checks[exit] = CheckCost < ServedDepth - Depths[exit];
    }
}
