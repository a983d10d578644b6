namespace Helios.Sdk;

/// <summary>The engine could not complete an operation; the message says which and why.</summary>
public class HeliosException : Exception
{
    /// <summary>Creates an exception without a message of its own.</summary>
    public HeliosException()
    {
    }

    /// <summary>Creates an exception.</summary>
    /// <param name="message">The failed operation and the reason.</param>
    public HeliosException(string message)
        : base(message)
    {
    }

    /// <summary>Creates an exception with a cause.</summary>
    /// <param name="message">The failed operation and the reason.</param>
    /// <param name="innerException">The cause.</param>
    public HeliosException(string message, Exception innerException)
        : base(message, innerException)
    {
    }
}

/// <summary>The queue is full, or the request waited in it too long: try again later. No token was generated.</summary>
public sealed class ServerBusyException : HeliosException
{
    /// <summary>Creates an exception without a message of its own.</summary>
    public ServerBusyException()
    {
    }

    /// <summary>Creates an exception.</summary>
    /// <param name="message">The reason.</param>
    public ServerBusyException(string message)
        : base(message)
    {
    }

    /// <summary>Creates an exception with a cause.</summary>
    /// <param name="message">The reason.</param>
    /// <param name="innerException">The cause.</param>
    public ServerBusyException(string message, Exception innerException)
        : base(message, innerException)
    {
    }

    /// <summary>
    /// An estimate of when to try again: the time for the requests that waited at that moment, at the recent rate of completed
    /// requests. Null if none was completed yet.
    /// </summary>
    public TimeSpan? RetryAfter { get; init; }
}
