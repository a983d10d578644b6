namespace Helios.Sdk;

/// <summary>A checkpoint is unusable. The message names the file, and the tensor or field, what was found and what was expected.</summary>
public class CheckpointException : Exception
{
    /// <summary>Creates an exception without a message of its own.</summary>
    public CheckpointException()
    {
    }

    /// <summary>Creates an exception.</summary>
    /// <param name="message">File, field, found, expected.</param>
    public CheckpointException(string message)
        : base(message)
    {
    }

    /// <summary>Creates an exception with a cause.</summary>
    /// <param name="message">File, field, found, expected.</param>
    /// <param name="innerException">The cause.</param>
    public CheckpointException(string message, Exception innerException)
        : base(message, innerException)
    {
    }
}
