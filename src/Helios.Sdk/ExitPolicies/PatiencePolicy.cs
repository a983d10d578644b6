namespace Helios.Sdk.ExitPolicies;

/// <summary><c>patience:2</c>: leaves where so many looks in a row, this one included, had the same likeliest token.</summary>
/// <param name="looks">Looks that must agree, at least 1.</param>
internal sealed class PatiencePolicy(int looks) : IExitPolicy
{
    private readonly int agreeing = looks;

    public string Name { get; } = $"patience:{looks}";

    public ExitSignals Needs => ExitSignals.None;

    public void ChooseLooks(ReadOnlySpan<int> exits, Span<bool> looks) => looks.Fill(true);

    public void Decide(int exit, ReadOnlySpan<ExitSignal> rows, Span<bool> leave)
    {
        for (var i = 0; i < rows.Length; i++)
            leave[i] = rows[i].AgreeingLooks >= agreeing;
    }
}
