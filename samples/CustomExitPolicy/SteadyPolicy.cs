using System.Globalization;
using Helios.Sdk.ExitPolicies;

namespace CustomExitPolicy;

/// <summary>
/// <c>steady:0.5</c>: a token leaves if two consecutive checks find the same most likely token, and the second gives it at least that
/// probability. Each condition alone is weak: two shallow exits may agree on a guess, and one exit may be confident and wrong.
/// </summary>
/// <param name="threshold">A probability, 0..1.</param>
public sealed class SteadyPolicy(float threshold) : IExitPolicy
{
    /// <summary>Name by which configuration chooses it.</summary>
    public string Name { get; } = string.Create(CultureInfo.InvariantCulture, $"steady:{threshold}");

    /// <summary>The engine always counts agreeing checks; that costs nothing beyond the check.</summary>
    public ExitSignals Needs => ExitSignals.Top1;

    /// <summary>At every exit, because consecutive exits must agree.</summary>
    public void ChooseExits(in ExitLayout exits, Span<bool> checks) => checks.Fill(true);

    /// <summary>Called on the device thread for the rows still in the walk; it neither blocks nor allocates.</summary>
    public void Decide(int exit, ReadOnlySpan<ExitSignal> rows, Span<bool> leave)
    {
        for (var i = 0; i < rows.Length; i++) leave[i] = rows[i].AgreeingChecks >= 2 && rows[i].Top1 >= threshold;
    }
}
