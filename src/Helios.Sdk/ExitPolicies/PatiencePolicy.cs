namespace Helios.Sdk.ExitPolicies;

/// <summary><c>patience:2</c>: leaves where so many exit checks in a row, this one included, had the same likeliest token.</summary>
/// <param name="checks">Checks that must agree, at least 1.</param>
internal sealed class PatiencePolicy(int checks) : IExitPolicy
{
    private readonly int agreeing = checks;

    public string Name { get; } = Invariant($"patience:{checks}");

    public ExitSignals Needs => ExitSignals.None;

    /// <summary>
    /// Everywhere or nowhere, for an exit left out would be missing among those that must agree: where the fewest checks with
    /// which a row may leave cost less than the layers it is then spared.
    /// </summary>
    public void ChooseExits(in ExitLayout exits, Span<bool> checks) =>
        checks.Fill(agreeing <= exits.Depths.Length && agreeing * exits.CheckCost < exits.ServedDepth - exits.Depths[agreeing - 1]);

    public void Decide(int exit, ReadOnlySpan<ExitSignal> rows, Span<bool> leave)
    {
        for (var i = 0; i < rows.Length; i++)
            leave[i] = rows[i].AgreeingChecks >= agreeing;
    }
}
