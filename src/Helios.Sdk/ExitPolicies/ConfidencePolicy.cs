namespace Helios.Sdk.ExitPolicies;

/// <summary><c>confidence:0.8</c>: leaves where the calibrated P(this token equals the full-depth token) reaches the threshold.</summary>
/// <param name="threshold">A probability, 0..1.</param>
internal sealed class ConfidencePolicy(float threshold) : IExitPolicy
{
    public string Name { get; } = Invariant($"confidence:{threshold}");

    public ExitSignals Needs => ExitSignals.Confidence;

    public void ChooseExits(in ExitLayout exits, Span<bool> checks) => exits.ChooseWorthwhile(checks);

    public void Decide(int exit, ReadOnlySpan<ExitSignal> rows, Span<bool> leave)
    {
        for (var i = 0; i < rows.Length; i++)
            leave[i] = rows[i].Confidence >= threshold;
    }
}
