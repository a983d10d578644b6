namespace Helios.Sdk;

/// <summary>The engine could not do what was asked of it; the message says what and why.</summary>
public class HeliosException : Exception
{
    /// <summary>Creates an exception without a message of its own.</summary>
    public HeliosException()
    {
    }

    /// <summary>Creates an exception.</summary>
    /// <param name="message">What failed and why.</param>
    public HeliosException(string message)
        : base(message)
    {
    }

    /// <summary>Creates an exception that another one caused.</summary>
    /// <param name="message">What failed and why.</param>
    /// <param name="innerException">The cause.</param>
    public HeliosException(string message, Exception innerException)
        : base(message, innerException)
    {
    }
}

/// <summary>The queue is full, or the request waited in it for too long: try again later. No token of it was generated.</summary>
public sealed class ServerBusyException : HeliosException
{
    /// <summary>Creates an exception without a message of its own.</summary>
    public ServerBusyException()
    {
    }

    /// <summary>Creates an exception.</summary>
    /// <param name="message">What is full.</param>
    public ServerBusyException(string message)
        : base(message)
    {
    }

    /// <summary>Creates an exception that another one caused.</summary>
    /// <param name="message">What is full.</param>
    /// <param name="innerException">The cause.</param>
    public ServerBusyException(string message, Exception innerException)
        : base(message, innerException)
    {
    }

    /// <summary>
    /// An estimate of when it is worth trying again: how long those that waited at that moment take, at the rate at which
    /// requests were completed lately. Null while none was completed.
    /// </summary>
    public TimeSpan? RetryAfter { get; init; }
}
