using Helios.Sdk.Models;

namespace Helios.Sdk;

/// <summary>
/// A model's logits are not a distribution: one of them is NaN or positive infinity, or none is finite. Its weights are damaged, or a
/// number type is too narrow for its activations. The request ends; other requests continue.
/// </summary>
public sealed class NonFiniteLogitsException : HeliosException
{
    /// <summary>Creates an exception without a message of its own.</summary>
    public NonFiniteLogitsException()
    {
    }

    /// <summary>Creates an exception.</summary>
    /// <param name="message">The model, and after which layers.</param>
    public NonFiniteLogitsException(string message)
        : base(message)
    {
    }

    /// <summary>Creates an exception with a cause.</summary>
    /// <param name="message">The model, and after which layers.</param>
    /// <param name="innerException">The cause.</param>
    public NonFiniteLogitsException(string message, Exception innerException)
        : base(message, innerException)
    {
    }

    /// <summary>The model.</summary>
    public string? Model { get; init; }

    /// <summary>The layers from the last exit with finite logits, or from the start, to the exit whose logits are not finite.</summary>
    public LayerRange Layers { get; init; }
}
