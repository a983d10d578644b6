namespace Helios.Sdk.Tokenization.ChatTemplates.Syntax;

/// <summary>A part of a template that writes or decides what is written.</summary>
/// <param name="Line">Where it stands, from 1.</param>
internal abstract record Statement(int Line);

/// <summary>Text outside tags.</summary>
internal sealed record Literal(int Line, string Text) : Statement(Line);

/// <summary><c>{{ a }}</c>.</summary>
internal sealed record Print(int Line, Expression Value) : Statement(Line);

/// <summary><c>{% if %} ... {% elif %} ... {% else %}</c>; a branch without a condition is the last.</summary>
internal sealed record If(int Line, IReadOnlyList<(Expression? Condition, IReadOnlyList<Statement> Body)> Branches) : Statement(Line);

/// <summary><c>{% for targets in items if condition %}</c>.</summary>
internal sealed record For(int Line, IReadOnlyList<string> Targets, Expression Items, Expression? Condition, IReadOnlyList<Statement> Body, IReadOnlyList<Statement> Else) : Statement(Line);

/// <summary><c>{% set a, b = c %}</c>, or <c>{% set a.b = c %}</c> for a namespace.</summary>
internal sealed record Assign(int Line, IReadOnlyList<string> Targets, string? Attribute, Expression Value) : Statement(Line);

/// <summary><c>{% set a %} ... {% endset %}</c>; the value is made of the variable <see cref="FilterBlock.Written"/>.</summary>
internal sealed record Capture(int Line, string Target, string? Attribute, Expression Value, IReadOnlyList<Statement> Body) : Statement(Line);

/// <summary><c>{% filter a %} ... {% endfilter %}</c>; the value is made of the variable <see cref="Written"/>.</summary>
internal sealed record FilterBlock(int Line, Expression Value, IReadOnlyList<Statement> Body) : Statement(Line)
{
    /// <summary>The variable that stands for what the body writes. No name of a template is spelled so.</summary>
    public const string Written = "what is written";
}

/// <summary><c>{% macro a(b, c=d) %}</c>.</summary>
internal sealed record MacroDefinition(int Line, string Name, IReadOnlyList<(string Name, Expression? Default)> Parameters, IReadOnlyList<Statement> Body) : Statement(Line);

/// <summary>Statements with variables of their own: <c>{% generation %}</c>.</summary>
internal sealed record Block(int Line, IReadOnlyList<Statement> Body) : Statement(Line);

/// <summary><c>{% break %}</c> or <c>{% continue %}</c>.</summary>
internal sealed record LoopJump(int Line, bool Ends) : Statement(Line);
