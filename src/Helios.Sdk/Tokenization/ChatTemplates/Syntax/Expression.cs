using Helios.Sdk.Tokenization.ChatTemplates.Values;

namespace Helios.Sdk.Tokenization.ChatTemplates.Syntax;

/// <summary>An expression of a template.</summary>
internal abstract record Expression;

/// <summary>A value written out.</summary>
internal sealed record Constant(Value Value) : Expression;

/// <summary>A variable.</summary>
internal sealed record Variable(string Name) : Expression;

/// <summary><c>[a, b]</c> or <c>(a, b)</c>.</summary>
internal sealed record ListLiteral(IReadOnlyList<Expression> Items, bool IsTuple) : Expression;

/// <summary><c>{a: b}</c>.</summary>
internal sealed record MapLiteral(IReadOnlyList<(Expression Key, Expression Value)> Items) : Expression;

/// <summary><c>a.b</c>.</summary>
internal sealed record Member(Expression Target, string Name) : Expression;

/// <summary><c>a[b]</c>.</summary>
internal sealed record Item(Expression Target, Expression Key) : Expression;

/// <summary><c>a[b:c:d]</c>.</summary>
internal sealed record Slice(Expression Target, Expression? Start, Expression? Stop, Expression? Step) : Expression;

/// <summary>Arguments of a call.</summary>
internal sealed record ArgumentList(IReadOnlyList<Expression> Positional, IReadOnlyList<(string Name, Expression Value)> Named)
{
    public static ArgumentList None { get; } = new([], []);
}

/// <summary><c>a(b, c=d)</c>.</summary>
internal sealed record Call(Expression Target, ArgumentList Arguments) : Expression;

/// <summary><c>a | name(b)</c>.</summary>
internal sealed record Filter(Expression Target, string Name, ArgumentList Arguments) : Expression;

/// <summary><c>a is name(b)</c>.</summary>
internal sealed record Test(Expression Target, string Name, ArgumentList Arguments, bool IsNegated) : Expression;

/// <summary><c>not a</c>, <c>-a</c> or <c>+a</c>.</summary>
internal sealed record Unary(string Operator, Expression Operand) : Expression;

/// <summary>An arithmetic operator, <c>~</c>, <c>and</c> or <c>or</c>.</summary>
internal sealed record Binary(string Operator, Expression Left, Expression Right) : Expression;

/// <summary><c>a &lt; b == c</c>: each with the next one.</summary>
internal sealed record Comparison(Expression First, IReadOnlyList<(string Operator, Expression Operand)> Rest) : Expression;

/// <summary><c>a if b else c</c>.</summary>
internal sealed record Choice(Expression Condition, Expression Then, Expression? Else) : Expression;
