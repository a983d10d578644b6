using Helios.Sdk.Tokenization.ChatTemplates.Running;
using Helios.Sdk.Tokenization.ChatTemplates.Syntax;
using Helios.Sdk.Tokenization.ChatTemplates.Values;

namespace Helios.Sdk.Tokenization.ChatTemplates;

/// <summary>
/// A chat template: a subset of Jinja, rendered as Hugging Face transformers renders it. Immutable and thread-safe; every rendering is
/// bounded by <see cref="TemplateLimits"/>.
/// </summary>
internal sealed class ChatTemplate
{
    private readonly IReadOnlyList<Statement> body;
    private readonly TemplateErrors errors;
    private readonly TemplateLimits limits;

    private ChatTemplate(IReadOnlyList<Statement> body, string source, TemplateErrors errors, TemplateLimits limits)
    {
        this.body = body;
        this.errors = errors;
        this.limits = limits;
        Source = source;
    }

    /// <summary>The template as written.</summary>
    public string Source { get; }

    /// <summary>Parses a template.</summary>
    /// <param name="source">The template.</param>
    /// <param name="name">How messages name it.</param>
    /// <param name="limits">What parsing and rendering may take; the defaults if null.</param>
    /// <exception cref="ChatTemplateException">It is malformed or passes the limits.</exception>
    public static ChatTemplate Parse(string source, string name, TemplateLimits? limits = null)
    {
        var errors = new TemplateErrors(name);
        return new ChatTemplate(TemplateParser.Parse(source, errors, limits ?? TemplateLimits.Default), source, errors, limits ?? TemplateLimits.Default);
    }

    /// <summary>Renders a conversation.</summary>
    /// <param name="conversation">Turns, tools and variables; what they say is marked as the caller's.</param>
    /// <param name="specialTokens">By name: <c>bos_token</c>, <c>eos_token</c>, ...</param>
    /// <param name="now">What the template takes for now.</param>
    /// <param name="cancellationToken">Ends it.</param>
    /// <exception cref="ConversationRefusedException">The template refuses the conversation.</exception>
    /// <exception cref="ChatTemplateException">The template uses an unsupported feature, or exceeds a limit.</exception>
    public TextValue Render(Conversation conversation, IReadOnlyDictionary<string, string> specialTokens, DateTimeOffset now, CancellationToken cancellationToken = default)
    {
        var scope = Globals.Create(now);
        foreach (var (name, token) in specialTokens) scope.Set(name, new TextValue(token));
        conversation.AddTo(scope);
        return Run(scope, cancellationToken);
    }

    /// <summary>Renders with variables of one's own, for tests.</summary>
    internal TextValue Render(IReadOnlyDictionary<string, Value> variables, DateTimeOffset now)
    {
        var scope = Globals.Create(now);
        foreach (var (name, value) in variables) scope.Set(name, value);
        return Run(scope, CancellationToken.None);
    }

    private TextValue Run(Scope scope, CancellationToken cancellationToken) =>
        new Interpreter(new ExecutionMeter(errors, limits, cancellationToken)).Run(body, new Scope(scope));
}
