namespace Helios.Sdk.Backends;

/// <summary>
/// A step was refused because of one of its rows, before it ran: the sequence of that row fails, and the others repeat the step without
/// it.
/// </summary>
public sealed class StepRowException : ArgumentException
{
    /// <summary>Creates an exception without a message of its own.</summary>
    public StepRowException()
    {
    }

    /// <summary>Creates an exception.</summary>
    /// <param name="message">The error in the row.</param>
    public StepRowException(string message)
        : base(message)
    {
    }

    /// <summary>Creates an exception with a cause.</summary>
    /// <param name="message">The error in the row.</param>
    /// <param name="innerException">The cause.</param>
    public StepRowException(string message, Exception innerException)
        : base(message, innerException)
    {
    }

    /// <summary>Index of the row in the batch.</summary>
    public int Row { get; init; }
}
