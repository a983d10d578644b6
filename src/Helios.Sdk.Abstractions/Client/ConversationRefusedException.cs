namespace Helios.Sdk;

/// <summary>
/// The chat template of the model refuses these turns: for example, their roles must alternate, or a system message is not supported.
/// This is bad input like any other <see cref="ArgumentException"/>; an unusable template is a <see cref="ChatTemplateException"/>.
/// The message is the template's own; it contains neither the conversation nor the template's path, so it may be shown to the sender of the turns.
/// </summary>
public sealed class ConversationRefusedException : ArgumentException
{
    /// <summary>Creates an exception without a message of its own.</summary>
    public ConversationRefusedException()
    {
    }

    /// <summary>Creates an exception.</summary>
    /// <param name="message">The template's message.</param>
    public ConversationRefusedException(string message)
        : base(message)
    {
    }

    /// <summary>Creates an exception with a cause.</summary>
    /// <param name="message">The template's message.</param>
    /// <param name="innerException">The cause.</param>
    public ConversationRefusedException(string message, Exception innerException)
        : base(message, innerException)
    {
    }
}
