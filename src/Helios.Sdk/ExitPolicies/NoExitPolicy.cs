namespace Helios.Sdk.ExitPolicies;

/// <summary><c>none</c>: checks no exit, so every token runs to the depth served.</summary>
internal sealed class NoExitPolicy : IExitPolicy
{
    public string Name => "none";

    public ExitSignals Needs => ExitSignals.None;

    public void ChooseExits(in ExitLayout exits, Span<bool> checks)
    {
        // All false on entry.
    }

    public void Decide(int exit, ReadOnlySpan<ExitSignal> rows, Span<bool> leave)
    {
        // All false on entry.
    }
}
