namespace Helios.Sdk;

/// <summary>Options of an engine, a backend or a request are wrong. The message names each, what was found and what is expected.</summary>
public sealed class InvalidOptionException : ArgumentException
{
    /// <summary>Creates an exception without a fault.</summary>
    public InvalidOptionException()
    {
    }

    /// <summary>Creates an exception without a fault.</summary>
    /// <param name="message">What is wrong.</param>
    public InvalidOptionException(string message)
        : base(message)
    {
    }

    /// <summary>Creates an exception without a fault.</summary>
    /// <param name="message">What is wrong.</param>
    /// <param name="innerException">The cause.</param>
    public InvalidOptionException(string message, Exception innerException)
        : base(message, innerException)
    {
    }

    /// <summary>Creates an exception.</summary>
    /// <param name="faults">Everything that is wrong.</param>
    public InvalidOptionException(params IReadOnlyList<OptionFault> faults)
        : base(string.Join(Environment.NewLine, faults)) => Faults = faults;

    /// <summary>Everything that is wrong; empty when only the message says it.</summary>
    public IReadOnlyList<OptionFault> Faults { get; } = [];
}
