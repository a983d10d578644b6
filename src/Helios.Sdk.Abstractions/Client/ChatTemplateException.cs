namespace Helios.Sdk;

/// <summary>
/// A conversation cannot be put into words for a model: it has no chat template, or the template is outside what is supported,
/// fails or passes its limits. The message names the template, the line and the reason. A template that does its work and refuses the
/// turns throws <see cref="ConversationRefusedException"/>.
/// </summary>
public sealed class ChatTemplateException : HeliosException
{
    /// <summary>Creates an exception without a message of its own.</summary>
    public ChatTemplateException()
    {
    }

    /// <summary>Creates an exception.</summary>
    /// <param name="message">Template, line, reason.</param>
    public ChatTemplateException(string message)
        : base(message)
    {
    }

    /// <summary>Creates an exception that another one caused.</summary>
    /// <param name="message">Template, line, reason.</param>
    /// <param name="innerException">The cause.</param>
    public ChatTemplateException(string message, Exception innerException)
        : base(message, innerException)
    {
    }
}
