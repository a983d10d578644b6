namespace Helios.Sdk.ExitPolicies;

/// <summary><c>entropy:1.5</c>: leaves where the entropy of the distribution is below the threshold.</summary>
/// <param name="threshold">In nats, above 0.</param>
internal sealed class EntropyPolicy(float threshold) : IExitPolicy
{
    public string Name { get; } = Invariant($"entropy:{threshold}");

    public ExitSignals Needs => ExitSignals.Entropy;

    public void ChooseExits(in ExitLayout exits, Span<bool> checks) => exits.ChooseWorthwhile(checks);

    public void Decide(int exit, ReadOnlySpan<ExitSignal> rows, Span<bool> leave)
    {
        for (var i = 0; i < rows.Length; i++)
            leave[i] = rows[i].Entropy < threshold;
    }
}
