namespace Helios.Sdk;

/// <summary>
/// A conversation cannot be rendered for a model: the model has no chat template, or the template is outside the supported subset,
/// fails or exceeds its limits. The message names the template, the line and the reason. If a working template refuses the turns,
/// <see cref="ConversationRefusedException"/> is thrown instead.
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

    /// <summary>Creates an exception with a cause.</summary>
    /// <param name="message">Template, line, reason.</param>
    /// <param name="innerException">The cause.</param>
    public ChatTemplateException(string message, Exception innerException)
        : base(message, innerException)
    {
    }
}
