namespace Helios.Sdk.ExitPolicies;

/// <summary>
/// Decides per token where to leave among the loaded layers. Pure: sees scalars only, keeps no state between calls, and
/// is called on the device thread, so it must neither block nor allocate.
/// </summary>
public interface IExitPolicy
{
    /// <summary>Name and parameters, e.g. <c>confidence:0.8</c>; the one by which configuration chooses it.</summary>
    string Name { get; }

    /// <summary>Signals that <see cref="Decide"/> reads.</summary>
    ExitSignals Needs { get; }

    /// <summary>
    /// Chooses the exits to check, once for every operating point. An exit check costs a head over the vocabulary for every row;
    /// <see cref="ExitLayout.ChooseWorthwhile"/> chooses those that a row may gain by.
    /// </summary>
    /// <param name="exits">The exits below the depth served.</param>
    /// <param name="checks">One per exit; set true to check, all false on entry.</param>
    void ChooseExits(in ExitLayout exits, Span<bool> checks);

    /// <summary>Says which rows leave at an exit.</summary>
    /// <param name="exit">Depth of the exit, layers executed.</param>
    /// <param name="rows">Signals of the rows still in the walk.</param>
    /// <param name="leave">Set true to leave; all false on entry.</param>
    void Decide(int exit, ReadOnlySpan<ExitSignal> rows, Span<bool> leave);
}
