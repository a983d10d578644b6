namespace Helios.Sdk.ExitPolicies;

/// <summary><c>margin:0.3</c>: leaves where the likeliest token leads the second by the threshold.</summary>
/// <param name="threshold">A difference of two probabilities, 0..1.</param>
internal sealed class MarginPolicy(float threshold) : IExitPolicy
{
    public string Name { get; } = Invariant($"margin:{threshold}");

    public ExitSignals Needs => ExitSignals.Margin;

    public void ChooseExits(in ExitLayout exits, Span<bool> checks) => exits.ChooseWorthwhile(checks);

    public void Decide(int exit, ReadOnlySpan<ExitSignal> rows, Span<bool> leave)
    {
        for (var i = 0; i < rows.Length; i++)
            leave[i] = rows[i].Margin >= threshold;
    }
}
