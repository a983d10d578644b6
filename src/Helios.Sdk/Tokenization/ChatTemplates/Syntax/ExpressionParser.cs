using System.Globalization;
using System.Text;
using Helios.Sdk.Tokenization.ChatTemplates.Values;

namespace Helios.Sdk.Tokenization.ChatTemplates.Syntax;

/// <summary>Reads expressions, with the precedence of Jinja: each method reads what binds tighter than the one above it.</summary>
internal sealed class ExpressionParser(TokenReader tokens)
{
    /// <summary>Most arguments of a call, and parameters of a macro.</summary>
    public const int MostArguments = 255;

    private static readonly string[] Comparisons = ["==", "!=", "<", "<=", ">", ">="];

    /// <summary>An expression; several with commas between them are a tuple.</summary>
    public Expression ReadTuple()
    {
        var first = Read();
        if (!tokens.AtOperator(",")) return first;
        var items = new List<Expression> { first };
        while (tokens.TrySkipOperator(",") && !EndsTuple()) items.Add(Read());
        return new ListLiteral(items, IsTuple: true);
    }

    public Expression Read() => tokens.Deeper(ReadChoice);

    /// <summary>An expression that <c>if</c> ends, as in the items of a loop with a condition.</summary>
    public Expression ReadWithoutChoice() => tokens.Deeper(ReadOr);

    private bool EndsTuple() => tokens.Current.Kind is TokenKind.BlockEnd or TokenKind.PrintEnd || tokens.AtOperator(")") || tokens.AtOperator("]");

    private Expression ReadChoice()
    {
        var value = ReadOr();
        while (tokens.TrySkipName("if"))
        {
            var condition = ReadOr();
            value = new Choice(condition, value, tokens.TrySkipName("else") ? tokens.Deeper(ReadChoice) : null);
        }

        return value;
    }

    private Expression ReadOr()
    {
        var left = ReadAnd();
        while (tokens.TrySkipName("or")) left = new Binary("or", left, ReadAnd());
        return left;
    }

    private Expression ReadAnd()
    {
        var left = ReadNot();
        while (tokens.TrySkipName("and")) left = new Binary("and", left, ReadNot());
        return left;
    }

    private Expression ReadNot() =>
        tokens.AtName("not") && !tokens.Following.Is(TokenKind.Name, "in") && tokens.TrySkipName("not")
            ? new Unary("not", tokens.Deeper(ReadNot))
            : ReadComparison();

    private Expression ReadComparison()
    {
        var first = ReadSum();
        var rest = new List<(string, Expression)>();
        while (TryReadComparison() is { } found) rest.Add((found, ReadSum()));
        return rest.Count == 0 ? first : new Comparison(first, rest);
    }

    private string? TryReadComparison()
    {
        if (tokens.Current.Kind == TokenKind.Operator && Comparisons.Contains(tokens.Current.Text, StringComparer.Ordinal)) return tokens.Take().Text;
        if (tokens.TrySkipName("in")) return "in";
        if (!tokens.AtName("not") || !tokens.Following.Is(TokenKind.Name, "in")) return null;
        tokens.Take();
        tokens.Take();
        return "not in";
    }

    private Expression ReadSum() => ReadChain(ReadConcatenation, "+", "-");

    private Expression ReadConcatenation() => ReadChain(ReadProduct, "~");

    private Expression ReadProduct() => ReadChain(ReadPower, "*", "/", "//", "%");

    private Expression ReadPower() => ReadChain(() => ReadUnary(withFilters: true), "**");

    private Expression ReadChain(Func<Expression> readOperand, params string[] operators)
    {
        var left = readOperand();
        while (tokens.Current.Kind == TokenKind.Operator && operators.Contains(tokens.Current.Text, StringComparer.Ordinal))
            left = new Binary(tokens.Take().Text, left, readOperand());
        return left;
    }

    private Expression ReadUnary(bool withFilters)
    {
        Expression value = tokens.AtOperator("-") || tokens.AtOperator("+")
            ? new Unary(tokens.Take().Text, tokens.Deeper(() => ReadUnary(withFilters: false)))
            : ReadPostfix(ReadPrimary());
        return withFilters ? ReadFilters(value) : value;
    }

    private Expression ReadPrimary()
    {
        var token = tokens.Take();
        switch (token.Kind)
        {
            case TokenKind.Name:
                return token.Text switch
                {
                    "true" or "True" => new Constant(BoolValue.True),
                    "false" or "False" => new Constant(BoolValue.False),
                    "none" or "None" => new Constant(NoneValue.Instance),
                    _ => new Variable(token.Text),
                };
            case TokenKind.String:
                return new Constant(new TextValue(ReadStrings(token.Text)));
            case TokenKind.Integer:
                return long.TryParse(token.Text, NumberStyles.None, CultureInfo.InvariantCulture, out var whole)
                    ? new Constant(new IntValue(whole))
                    : throw tokens.Fail($"the number {token} is too large");
            case TokenKind.Float:
                return new Constant(new FloatValue(double.Parse(token.Text, CultureInfo.InvariantCulture)));
            case TokenKind.Operator when token.Text == "(":
                if (tokens.TrySkipOperator(")")) return new ListLiteral([], IsTuple: true);
                var inner = ReadTuple();
                tokens.ExpectOperator(")");
                return inner;
            case TokenKind.Operator when token.Text == "[":
                return new ListLiteral(ReadItems("]", Read), IsTuple: false);
            case TokenKind.Operator when token.Text == "{":
                return new MapLiteral(ReadItems("}", () =>
                {
                    var key = Read();
                    tokens.ExpectOperator(":");
                    return (key, Read());
                }));
            default:
                throw tokens.Fail($"found {token}, expected an expression");
        }
    }

    /// <summary>Strings that stand one behind the other are one.</summary>
    private string ReadStrings(string first)
    {
        if (tokens.Current.Kind != TokenKind.String) return first;
        var text = new StringBuilder(first);
        while (tokens.Current.Kind == TokenKind.String) text.Append(tokens.Take().Text);
        return text.ToString();
    }

    private List<T> ReadItems<T>(string end, Func<T> read)
    {
        var items = new List<T>();
        while (!tokens.TrySkipOperator(end))
        {
            if (items.Count > 0)
            {
                tokens.ExpectOperator(",");
                if (tokens.TrySkipOperator(end)) break;
            }

            items.Add(read());
        }

        return items;
    }

    private Expression ReadPostfix(Expression value)
    {
        while (true)
        {
            if (tokens.TrySkipOperator(".")) value = ReadMember(value);
            else if (tokens.TrySkipOperator("[")) value = ReadSubscript(value);
            else if (tokens.TrySkipOperator("(")) value = new Call(value, ReadArguments());
            else return value;
        }
    }

    private Expression ReadMember(Expression target)
    {
        var token = tokens.Take();
        return token.Kind switch
        {
            TokenKind.Name => new Member(target, token.Text),
            TokenKind.Integer when int.TryParse(token.Text, CultureInfo.InvariantCulture, out var index) => new Item(target, new Constant(new IntValue(index))),
            _ => throw tokens.Fail($"found {token}, expected a name"),
        };
    }

    private Expression ReadSubscript(Expression target)
    {
        var start = tokens.AtOperator(":") ? null : ReadTuple();
        if (!tokens.AtOperator(":"))
        {
            tokens.ExpectOperator("]");
            return new Item(target, start!);
        }

        var stop = ReadBound();
        var step = tokens.AtOperator(":") ? ReadBound() : null;
        tokens.ExpectOperator("]");
        return new Slice(target, start, stop, step);
    }

    private Expression? ReadBound()
    {
        tokens.ExpectOperator(":");
        return tokens.AtOperator(":") || tokens.AtOperator("]") ? null : Read();
    }

    private ArgumentList ReadArguments()
    {
        var positional = new List<Expression>();
        var named = new List<(string Name, Expression Value)>();
        ReadItems(")", () =>
        {
            if (positional.Count + named.Count == MostArguments) throw tokens.Fail(Invariant($"a call has more than {MostArguments} arguments"));
            if (tokens.AtOperator("*") || tokens.AtOperator("**")) throw tokens.Fail("arguments spread with * are not supported");
            if (tokens.Current.Kind == TokenKind.Name && tokens.Following.Is(TokenKind.Operator, "="))
            {
                var name = tokens.Take().Text;
                tokens.Take();
                if (named.Exists(other => other.Name == name)) throw tokens.Fail($"the argument '{name}' is given twice");
                named.Add((name, Read()));
            }
            else if (named.Count > 0)
            {
                throw tokens.Unexpected("an argument with a name");
            }
            else
            {
                positional.Add(Read());
            }

            return true;
        });
        return new ArgumentList(positional, named);
    }

    /// <summary>Filters that a block names: <c>{% filter upper | trim %}</c>.</summary>
    public Expression ReadFiltersOf(Expression target)
    {
        Expression value = ReadFilter(target);
        while (tokens.TrySkipOperator("|")) value = ReadFilter(value);
        return value;
    }

    private Expression ReadFilters(Expression value)
    {
        while (true)
        {
            if (tokens.TrySkipOperator("|")) value = ReadFilter(value);
            else if (tokens.TrySkipName("is")) value = ReadTest(value);
            else if (tokens.TrySkipOperator("(")) value = new Call(value, ReadArguments());
            else return value;
        }
    }

    private Filter ReadFilter(Expression target)
    {
        var name = ReadPlainName("the name of a filter");
        return new Filter(target, name, tokens.TrySkipOperator("(") ? ReadArguments() : ArgumentList.None);
    }

    private Test ReadTest(Expression target)
    {
        var isNegated = tokens.TrySkipName("not");
        var name = ReadPlainName("the name of a test");
        var arguments = ArgumentList.None;
        if (tokens.TrySkipOperator("(")) arguments = ReadArguments();
        else if (StartsOperand()) arguments = new ArgumentList([ReadPostfix(ReadPrimary())], []);
        return new Test(target, name, arguments, isNegated);
    }

    private string ReadPlainName(string what)
    {
        var name = tokens.Expect(TokenKind.Name, what).Text;
        return tokens.AtOperator(".") ? throw tokens.Fail("names with points in them are not supported here") : name;
    }

    /// <summary>Whether what follows a test is its argument rather than the rest of the expression.</summary>
    private bool StartsOperand() => tokens.Current.Kind switch
    {
        TokenKind.Name => tokens.Current.Text is not ("else" or "or" or "and" or "is" or "if"),
        TokenKind.String or TokenKind.Integer or TokenKind.Float => true,
        TokenKind.Operator => tokens.Current.Text is "(" or "[" or "{",
        _ => false,
    };
}
