namespace Helios.Sdk.ExitPolicies;

/// <summary><c>top1:0.9</c>: leaves where the probability of the likeliest token reaches the threshold.</summary>
/// <param name="threshold">A probability, 0..1.</param>
internal sealed class Top1Policy(float threshold) : IExitPolicy
{
    public string Name { get; } = Invariant($"top1:{threshold}");

    public ExitSignals Needs => ExitSignals.Top1;

    public void ChooseExits(in ExitLayout exits, Span<bool> checks) => exits.ChooseWorthwhile(checks);

    public void Decide(int exit, ReadOnlySpan<ExitSignal> rows, Span<bool> leave)
    {
        for (var i = 0; i < rows.Length; i++)
            leave[i] = rows[i].Top1 >= threshold;
    }
}
