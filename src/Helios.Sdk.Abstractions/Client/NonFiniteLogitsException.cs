using Helios.Sdk.Models;

namespace Helios.Sdk;

/// <summary>
/// A model's logits are no distribution: one of them is NaN or positive infinity, or none is finite. Its weights are damaged, or a
/// number type is too narrow for its activations. The request ends with what it had; others go on.
/// </summary>
public sealed class NonFiniteLogitsException : HeliosException
{
    /// <summary>Creates an exception without a message of its own.</summary>
    public NonFiniteLogitsException()
    {
    }

    /// <summary>Creates an exception.</summary>
    /// <param name="message">Which model, and behind which layers.</param>
    public NonFiniteLogitsException(string message)
        : base(message)
    {
    }

    /// <summary>Creates an exception that another one caused.</summary>
    /// <param name="message">Which model, and behind which layers.</param>
    /// <param name="innerException">The cause.</param>
    public NonFiniteLogitsException(string message, Exception innerException)
        : base(message, innerException)
    {
    }

    /// <summary>The model.</summary>
    public string? Model { get; init; }

    /// <summary>The layers between the last exit that was looked at and seen to be finite, or the start, and the one that was not.</summary>
    public LayerRange Layers { get; init; }
}
