namespace Helios.Sdk.ExitPolicies;

/// <summary><c>confidence:0.8,min=3</c>: another policy, with no exit check below a depth.</summary>
/// <param name="inner">The other policy.</param>
/// <param name="depth">Least layers that every token runs through.</param>
internal sealed class MinDepthPolicy(IExitPolicy inner, int depth) : IExitPolicy
{
    public string Name { get; } = Invariant($"{inner.Name},min={depth}");

    public ExitSignals Needs => inner.Needs;

    public void ChooseExits(in ExitLayout exits, Span<bool> checks)
    {
        var allowed = exits.From(depth);
        inner.ChooseExits(allowed, checks[(exits.Depths.Length - allowed.Depths.Length)..]);
    }

    public void Decide(int exit, ReadOnlySpan<ExitSignal> rows, Span<bool> leave) => inner.Decide(exit, rows, leave);
}
