namespace Helios.Sdk.Models;

/// <summary>
/// A file of a checkpoint is not what it was when it was opened, or a tensor's bytes are not those that its digest names. Nothing more is
/// read of the checkpoint: parts of two models would make a third. What was loaded before serves on.
/// </summary>
public sealed class CheckpointChangedException : CheckpointException
{
    /// <summary>Creates an exception without a message of its own.</summary>
    public CheckpointChangedException()
    {
    }

    /// <summary>Creates an exception.</summary>
    /// <param name="message">The file and what changed.</param>
    public CheckpointChangedException(string message)
        : base(message)
    {
    }

    /// <summary>Creates an exception that another one caused.</summary>
    /// <param name="message">The file and what changed.</param>
    /// <param name="innerException">The cause.</param>
    public CheckpointChangedException(string message, Exception innerException)
        : base(message, innerException)
    {
    }
}
