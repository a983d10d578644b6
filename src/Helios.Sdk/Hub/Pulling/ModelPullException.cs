namespace Helios.Sdk.Models;

/// <summary>A model could not be pulled from the Hugging Face Hub; the message says why, and what to do about it.</summary>
public sealed class ModelPullException : HeliosException
{
    /// <summary>Creates an exception without a message of its own.</summary>
    public ModelPullException()
    {
    }

    /// <summary>Creates an exception.</summary>
    /// <param name="message">The model or file, and the reason.</param>
    public ModelPullException(string message)
        : base(message)
    {
    }

    /// <summary>Creates an exception with a cause.</summary>
    /// <param name="message">The model or file, and the reason.</param>
    /// <param name="innerException">The cause.</param>
    public ModelPullException(string message, Exception innerException)
        : base(message, innerException)
    {
    }
}
