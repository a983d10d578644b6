namespace Helios.Sdk;

/// <summary>
/// The chat template of the model does not take these turns: their roles must alternate, say, or a system message is not supported.
/// Bad input like any other <see cref="ArgumentException"/>; a template that cannot be used at all is a <see cref="ChatTemplateException"/>.
/// The message has the template's own words, and neither what was said nor where the template stands: it may be shown to the sender of the turns.
/// </summary>
public sealed class ConversationRefusedException : ArgumentException
{
    /// <summary>Creates an exception without a message of its own.</summary>
    public ConversationRefusedException()
    {
    }

    /// <summary>Creates an exception.</summary>
    /// <param name="message">What the template says.</param>
    public ConversationRefusedException(string message)
        : base(message)
    {
    }

    /// <summary>Creates an exception that another one caused.</summary>
    /// <param name="message">What the template says.</param>
    /// <param name="innerException">The cause.</param>
    public ConversationRefusedException(string message, Exception innerException)
        : base(message, innerException)
    {
    }
}
