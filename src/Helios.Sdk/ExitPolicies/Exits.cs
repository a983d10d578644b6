using Helios.Sdk.ExitPolicies;

namespace Helios.Sdk;

/// <summary>The built-in exit policies, for <see cref="HeliosBuilderExtensions.ExitBy{TBuilder}(TBuilder, IExitPolicy)"/>; configuration names them instead. Stateless.</summary>
public static class Exits
{
    /// <summary>No token leaves early: <c>none</c>.</summary>
    public static IExitPolicy None { get; } = new NoExitPolicy();

    /// <summary>A token leaves at an exit where its calibrated probability of equalling the full-depth token reaches a threshold: <c>confidence:0.8</c>.</summary>
    /// <param name="threshold">A probability, 0 to 1.</param>
    /// <param name="minDepth">Minimum layers of every token; 0 for no minimum.</param>
    /// <exception cref="ArgumentException">A number is out of range.</exception>
    public static IExitPolicy Confidence(double threshold, int minDepth = 0) => Make("confidence", threshold, minDepth);

    /// <summary>A token leaves at an exit where the highest probability reaches a threshold: <c>top1:0.9</c>.</summary>
    /// <param name="threshold">A probability, 0 to 1.</param>
    /// <param name="minDepth">Minimum layers of every token; 0 for no minimum.</param>
    /// <exception cref="ArgumentException">A number is out of range.</exception>
    public static IExitPolicy Top1(double threshold, int minDepth = 0) => Make("top1", threshold, minDepth);

    /// <summary>A token leaves at an exit where the probabilities of the two most likely tokens differ by a threshold: <c>margin:0.5</c>.</summary>
    /// <param name="threshold">A difference of probabilities, 0 to 1.</param>
    /// <param name="minDepth">Minimum layers of every token; 0 for no minimum.</param>
    /// <exception cref="ArgumentException">A number is out of range.</exception>
    public static IExitPolicy Margin(double threshold, int minDepth = 0) => Make("margin", threshold, minDepth);

    /// <summary>A token leaves at an exit where the entropy of the distribution falls to a threshold: <c>entropy:1.5</c>.</summary>
    /// <param name="nats">Nats, above 0, at most 100.</param>
    /// <param name="minDepth">Minimum layers of every token; 0 for no minimum.</param>
    /// <exception cref="ArgumentException">A number is out of range.</exception>
    public static IExitPolicy Entropy(double nats, int minDepth = 0) => Make("entropy", nats, minDepth);

    /// <summary>A token leaves at an exit where this many consecutive exit checks have the same most likely token: <c>patience:2</c>.</summary>
    /// <param name="checks">Checks that must agree, 1 to 1000.</param>
    /// <param name="minDepth">Minimum layers of every token; 0 for no minimum.</param>
    /// <exception cref="ArgumentException">A number is out of range.</exception>
    public static IExitPolicy Patience(int checks, int minDepth = 0) => Make("patience", checks, minDepth);

    /// <summary>Parses a policy name, as in configuration: <c>none</c>, <c>confidence:0.8</c>, <c>top1:0.9,min=3</c>.</summary>
    /// <param name="name">Its name, as in <see cref="IExitPolicy.Name"/>; case-insensitive.</param>
    /// <exception cref="InvalidOptionException">No built-in policy has this name, or its number is missing or out of range; the fault lists the known names.</exception>
    public static IExitPolicy Parse(string name) => ExitPolicyParser.Parse(name);

    private static IExitPolicy Make(string name, double number, int minDepth)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(minDepth);
        return ExitPolicyParser.Parse(minDepth == 0 ? Invariant($"{name}:{number}") : Invariant($"{name}:{number},min={minDepth}"));
    }
}
