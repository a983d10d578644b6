namespace Helios.Sdk.Backends;

/// <summary>
/// A step was refused for one of its rows, before anything of it ran: its sequence fails, and the others take the step again without
/// it.
/// </summary>
public sealed class StepRowException : ArgumentException
{
    /// <summary>Creates an exception without a message of its own.</summary>
    public StepRowException()
    {
    }

    /// <summary>Creates an exception.</summary>
    /// <param name="message">What is wrong with the row.</param>
    public StepRowException(string message)
        : base(message)
    {
    }

    /// <summary>Creates an exception that another one caused.</summary>
    /// <param name="message">What is wrong with the row.</param>
    /// <param name="innerException">The cause.</param>
    public StepRowException(string message, Exception innerException)
        : base(message, innerException)
    {
    }

    /// <summary>Index of the row in the batch.</summary>
    public int Row { get; init; }
}
