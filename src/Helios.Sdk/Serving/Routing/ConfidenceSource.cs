using Helios.Sdk.ExitPolicies;

namespace Helios.Sdk.Serving.Routing;

/// <summary>
/// Turns an exit's raw signal into P(this token equals the full-depth token). The adaptation loop learns the curves and
/// swaps them whole; the serving loop reads whichever is there.
/// </summary>
internal sealed class ConfidenceSource(IConfidenceMap initial)
{
    private IConfidenceMap map = initial;

    public IConfidenceMap Current
    {
        get => Volatile.Read(ref map);
        set => Volatile.Write(ref map, value);
    }
}

/// <summary>A calibration: immutable and allocation-free.</summary>
internal interface IConfidenceMap
{
    /// <summary>Raw signals it reads.</summary>
    ExitSignals Needs { get; }

    /// <summary>P(the token of the exit at <paramref name="depth"/> equals the full-depth token), 0..1.</summary>
    float Map(int depth, in ExitSignal signal);
}
