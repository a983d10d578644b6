using Helios.Sdk.ExitPolicies;

namespace Helios.Sdk.Serving.Routing;

/// <summary>
/// What an exit policy is asked, and about which rows. Serving and replay share it: a certificate, which rests on a replay, holds
/// for the active point because both look alike.
/// </summary>
internal static class ExitRule
{
    /// <summary>Whether a row may leave early: tokens of an answer may, those of a prompt run to the depth served.</summary>
    /// <param name="position">Position of the row's token.</param>
    /// <param name="promptLength">Tokens of the prompt.</param>
    public static bool MayLeave(int position, int promptLength) => position >= promptLength;

    /// <summary>Signals to read at an exit check.</summary>
    public static ExitSignals Needs(IExitPolicy policy, IConfidenceMap confidence) => policy.Needs | confidence.Needs | ExitSignals.Top1;

    /// <summary>Adds what the engine knows to the signals of an exit check.</summary>
    /// <param name="seen">As the device read them.</param>
    /// <param name="depth">Depth of the check, below the full one.</param>
    /// <param name="before">The row's check before this one; default before the first.</param>
    /// <param name="confidence">Calibration of the model.</param>
    public static void Complete(ref ExitSignal seen, int depth, in ExitSignal before, IConfidenceMap confidence)
    {
        seen.Confidence = confidence.Map(depth, seen);
        seen.AgreeingChecks = before.AgreeingChecks > 0 && before.TopId == seen.TopId ? before.AgreeingChecks + 1 : 1;
    }
}
