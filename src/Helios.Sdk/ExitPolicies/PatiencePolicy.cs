namespace Helios.Sdk.ExitPolicies;

/// <summary><c>patience:2</c>: leaves where so many looks in a row, this one included, had the same likeliest token.</summary>
/// <param name="looks">Looks that must agree, at least 1.</param>
internal sealed class PatiencePolicy(int looks) : IExitPolicy
{
    private readonly int agreeing = looks;

    public string Name { get; } = Invariant($"patience:{looks}");

    public ExitSignals Needs => ExitSignals.None;

    /// <summary>
    /// Everywhere or nowhere, for an exit left out would be missing among those that must agree: where the least looks with
    /// which a row may leave cost less than the layers it is then spared.
    /// </summary>
    public void ChooseLooks(in ExitLayout exits, Span<bool> looks) =>
        looks.Fill(agreeing <= exits.Depths.Length && agreeing * exits.LookCost < exits.ServedDepth - exits.Depths[agreeing - 1]);

    public void Decide(int exit, ReadOnlySpan<ExitSignal> rows, Span<bool> leave)
    {
        for (var i = 0; i < rows.Length; i++)
            leave[i] = rows[i].AgreeingLooks >= agreeing;
    }
}
