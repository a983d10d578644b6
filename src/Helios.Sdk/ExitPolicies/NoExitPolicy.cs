namespace Helios.Sdk.ExitPolicies;

/// <summary><c>none</c>: looks nowhere, so every token runs to the depth served.</summary>
internal sealed class NoExitPolicy : IExitPolicy
{
    public string Name => "none";

    public ExitSignals Needs => ExitSignals.None;

    public void ChooseLooks(in ExitLayout exits, Span<bool> looks)
    {
        // All false on entry.
    }

    public void Decide(int exit, ReadOnlySpan<ExitSignal> rows, Span<bool> leave)
    {
        // All false on entry.
    }
}
