namespace Helios.Sdk;

/// <summary>Options of an engine, a backend or a request are invalid. The message names each option, the found and the expected value.</summary>
public sealed class InvalidOptionException : ArgumentException
{
    /// <summary>Creates an exception without a fault.</summary>
    public InvalidOptionException()
    {
    }

    /// <summary>Creates an exception without a fault.</summary>
    /// <param name="message">The error.</param>
    public InvalidOptionException(string message)
        : base(message)
    {
    }

    /// <summary>Creates an exception without a fault.</summary>
    /// <param name="message">The error.</param>
    /// <param name="innerException">The cause.</param>
    public InvalidOptionException(string message, Exception innerException)
        : base(message, innerException)
    {
    }

    /// <summary>Creates an exception.</summary>
    /// <param name="faults">All faults.</param>
    public InvalidOptionException(params IReadOnlyList<OptionFault> faults)
        : base(string.Join(Environment.NewLine, faults)) => Faults = faults;

    /// <summary>All faults; empty if there is only a message.</summary>
    public IReadOnlyList<OptionFault> Faults { get; } = [];
}
