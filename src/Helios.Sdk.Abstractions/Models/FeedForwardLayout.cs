namespace Helios.Sdk.Models;

/// <summary>Feed-forward part of a layer.</summary>
/// <param name="Size">Width inside, in elements; of one expert where there are experts.</param>
/// <param name="Activation">The activation.</param>
public sealed record FeedForwardLayout(int Size, Activation Activation)
{
    /// <summary>Whether the activation of a gate projection multiplies the up projection (Shazeer, 2020); otherwise the activation is of the up projection.</summary>
    public bool IsGated { get; init; } = true;

    /// <summary>Whether its projections have biases.</summary>
    public bool HasBias { get; init; }

    /// <summary>Experts, of which a router picks some for each token; null for one network that all tokens take.</summary>
    public ExpertsLayout? Experts { get; init; }
}

/// <summary>A mixture of experts: the router's softmax over all experts, of which the largest weigh the outputs of theirs.</summary>
/// <param name="Count">Number of experts.</param>
/// <param name="Active">Experts of a token.</param>
/// <param name="Normalizes">Whether the weights of the active experts are divided by their sum.</param>
public sealed record ExpertsLayout(int Count, int Active, bool Normalizes);

/// <summary>Activations of feed-forward parts.</summary>
public enum Activation
{
    /// <summary>x / (1 + e^-x), also called swish.</summary>
    Silu,

    /// <summary>x times the normal distribution function at x, by the error function.</summary>
    Gelu,

    /// <summary>The approximation of <see cref="Gelu"/> by tanh.</summary>
    GeluTanh,

    /// <summary>max(x, 0).</summary>
    Relu,
}
