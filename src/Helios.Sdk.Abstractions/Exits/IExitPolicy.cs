namespace Helios.Sdk.ExitPolicies;

/// <summary>
/// Decides per token at which exit of the loaded layers it leaves. Pure: it gets only scalars and keeps no state between calls. It is
/// called on the device thread, so it must neither block nor allocate.
/// </summary>
public interface IExitPolicy
{
    /// <summary>Name and parameters, e.g. <c>confidence:0.8</c>; configuration chooses the policy by it.</summary>
    string Name { get; }

    /// <summary>Signals that <see cref="Decide"/> reads.</summary>
    ExitSignals Needs { get; }

    /// <summary>
    /// Chooses the exits to check, once for every operating point. An exit check computes a head over the vocabulary for every row;
    /// <see cref="ExitLayout.ChooseWorthwhile"/> chooses the checks that can save time.
    /// </summary>
    /// <param name="exits">The exits below the served depth.</param>
    /// <param name="checks">One per exit; set true to check, all false on entry.</param>
    void ChooseExits(in ExitLayout exits, Span<bool> checks);

    /// <summary>Decides which rows leave at an exit.</summary>
    /// <param name="exit">Depth of the exit, layers executed.</param>
    /// <param name="rows">Signals of the rows still in the walk.</param>
    /// <param name="leave">Set true to leave; all false on entry.</param>
    void Decide(int exit, ReadOnlySpan<ExitSignal> rows, Span<bool> leave);
}
