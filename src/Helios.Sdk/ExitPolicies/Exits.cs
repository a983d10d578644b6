using Helios.Sdk.ExitPolicies;

namespace Helios.Sdk;

/// <summary>The shipped exit policies, for <see cref="HeliosBuilderExtensions.ExitBy{TBuilder}(TBuilder, IExitPolicy)"/>; configuration names them instead. Stateless.</summary>
public static class Exits
{
    /// <summary>No token leaves early: <c>none</c>.</summary>
    public static IExitPolicy None { get; } = new NoExitPolicy();

    /// <summary>Leaves where the calibrated probability that the full depth has the same token reaches a threshold: <c>confidence:0.8</c>.</summary>
    /// <param name="threshold">A probability, 0 to 1.</param>
    /// <param name="minDepth">Least layers that every token runs through; 0 for no least.</param>
    /// <exception cref="ArgumentException">A number is out of range.</exception>
    public static IExitPolicy Confidence(double threshold, int minDepth = 0) => Make("confidence", threshold, minDepth);

    /// <summary>Leaves where the likeliest token's probability reaches a threshold: <c>top1:0.9</c>.</summary>
    /// <param name="threshold">A probability, 0 to 1.</param>
    /// <param name="minDepth">Least layers that every token runs through; 0 for no least.</param>
    /// <exception cref="ArgumentException">A number is out of range.</exception>
    public static IExitPolicy Top1(double threshold, int minDepth = 0) => Make("top1", threshold, minDepth);

    /// <summary>Leaves where the probabilities of the two likeliest tokens differ by so much: <c>margin:0.5</c>.</summary>
    /// <param name="threshold">A difference of probabilities, 0 to 1.</param>
    /// <param name="minDepth">Least layers that every token runs through; 0 for no least.</param>
    /// <exception cref="ArgumentException">A number is out of range.</exception>
    public static IExitPolicy Margin(double threshold, int minDepth = 0) => Make("margin", threshold, minDepth);

    /// <summary>Leaves where the entropy of the next token falls to a threshold: <c>entropy:1.5</c>.</summary>
    /// <param name="nats">Nats, above 0, at most 100.</param>
    /// <param name="minDepth">Least layers that every token runs through; 0 for no least.</param>
    /// <exception cref="ArgumentException">A number is out of range.</exception>
    public static IExitPolicy Entropy(double nats, int minDepth = 0) => Make("entropy", nats, minDepth);

    /// <summary>Leaves where so many exit checks in a row had the same likeliest token: <c>patience:2</c>.</summary>
    /// <param name="checks">Checks that must agree, 1 to 1000.</param>
    /// <param name="minDepth">Least layers that every token runs through; 0 for no least.</param>
    /// <exception cref="ArgumentException">A number is out of range.</exception>
    public static IExitPolicy Patience(int checks, int minDepth = 0) => Make("patience", checks, minDepth);

    /// <summary>The policy that configuration names: <c>none</c>, <c>confidence:0.8</c>, <c>top1:0.9,min=3</c>.</summary>
    /// <param name="name">Its name, as <see cref="IExitPolicy.Name"/> has it; case does not matter.</param>
    /// <exception cref="InvalidOptionException">No shipped policy has this name, or its number is missing or out of range; the fault says what is known.</exception>
    public static IExitPolicy Parse(string name) => ExitPolicyParser.Parse(name);

    private static IExitPolicy Make(string name, double number, int minDepth)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(minDepth);
        return ExitPolicyParser.Parse(minDepth == 0 ? Invariant($"{name}:{number}") : Invariant($"{name}:{number},min={minDepth}"));
    }
}
