using Helios.Sdk.Tokenization.ChatTemplates.Values;

namespace Helios.Sdk.Tokenization.ChatTemplates.Syntax;

/// <summary>Reads the statements of a template. What would reach outside it (<c>include</c>, <c>import</c>, <c>extends</c>) is refused.</summary>
internal sealed class TemplateParser
{
    private readonly TokenReader tokens;
    private readonly ExpressionParser expressions;

    private TemplateParser(TokenReader tokens)
    {
        this.tokens = tokens;
        expressions = new ExpressionParser(tokens);
    }

    /// <exception cref="ChatTemplateException">The source is malformed, too large, or not of the supported subset.</exception>
    public static IReadOnlyList<Statement> Parse(string source, TemplateErrors errors, TemplateLimits limits)
    {
        if (source.Length > limits.SourceLength) throw errors.At(1, Invariant($"the template is {source.Length} characters long; expected at most {limits.SourceLength}"));
        var parser = new TemplateParser(new TokenReader(TemplateLexer.Lex(source, errors), errors, limits.Nesting));
        var body = parser.ReadBody();
        if (parser.tokens.Current.Kind != TokenKind.End) throw parser.tokens.Unexpected("the end of the template");
        return body;
    }

    /// <summary>Statements up to a block that ends them, which is left to the caller; its name is the current token then.</summary>
    private List<Statement> ReadBody(params string[] ends)
    {
        var body = new List<Statement>();
        while (tokens.Current.Kind != TokenKind.End)
        {
            var line = tokens.Current.Line;
            switch (tokens.Current.Kind)
            {
                case TokenKind.Data:
                    body.Add(new Literal(line, tokens.Take().Text));
                    break;
                case TokenKind.PrintBegin:
                    tokens.Take();
                    body.Add(new Print(line, expressions.ReadTuple()));
                    tokens.Expect(TokenKind.PrintEnd, "'}}'");
                    break;
                default:
                    tokens.Expect(TokenKind.BlockBegin, "a tag");
                    if (ends.Contains(tokens.Current.Text, StringComparer.Ordinal)) return body;
                    body.Add(tokens.Deeper(() => ReadBlock(line)));
                    break;
            }
        }

        if (ends.Length > 0) throw tokens.Unexpected($"'{ends[^1]}'");
        return body;
    }

    private Statement ReadBlock(int line)
    {
        var name = tokens.Expect(TokenKind.Name, "the name of a block").Text;
        switch (name)
        {
            case "if": return ReadIf(line);
            case "for": return ReadFor(line);
            case "set": return ReadSet(line);
            case "macro": return ReadMacro(line);
            case "filter":
                var filter = expressions.ReadFiltersOf(new Variable(FilterBlock.Written));
                EndBlock();
                return new FilterBlock(line, filter, ReadBodyTo("endfilter"));
            case "generation":
                EndBlock();
                return new Block(line, ReadBodyTo("endgeneration"));
            case "break" or "continue":
                EndBlock();
                return new LoopJump(line, Ends: name == "break");
            default:
                throw tokens.Fail($"the block '{name}' is not supported; expected if, for, set, macro, filter, generation, break, continue or raw");
        }
    }

    private If ReadIf(int line)
    {
        var branches = new List<(Expression?, IReadOnlyList<Statement>)>();
        var condition = ReadCondition();
        while (true)
        {
            branches.Add((condition, ReadBody("elif", "else", "endif")));
            switch (tokens.Take().Text)
            {
                case "elif":
                    condition = ReadCondition();
                    break;
                case "else":
                    EndBlock();
                    branches.Add((null, ReadBodyTo("endif")));
                    return new If(line, branches);
                default:
                    EndBlock();
                    return new If(line, branches);
            }
        }
    }

    private Expression ReadCondition()
    {
        var condition = expressions.ReadTuple();
        EndBlock();
        return condition;
    }

    private For ReadFor(int line)
    {
        var targets = ReadTargets();
        tokens.ExpectName("in");
        var items = expressions.ReadWithoutChoice();
        var condition = tokens.TrySkipName("if") ? expressions.Read() : null;
        if (tokens.AtName("recursive")) throw tokens.Fail("recursive loops are not supported");
        EndBlock();
        var body = ReadBody("else", "endfor");
        IReadOnlyList<Statement> otherwise = [];
        if (tokens.Take().Text == "else")
        {
            EndBlock();
            otherwise = ReadBodyTo("endfor");
        }
        else
        {
            EndBlock();
        }

        return new For(line, targets, items, condition, body, otherwise);
    }

    private Statement ReadSet(int line)
    {
        var targets = ReadTargets();
        var attribute = targets.Count == 1 && tokens.TrySkipOperator(".") ? tokens.Expect(TokenKind.Name, "a name").Text : null;
        if (tokens.TrySkipOperator("="))
        {
            var value = expressions.ReadTuple();
            EndBlock();
            return new Assign(line, targets, attribute, value);
        }

        Expression captured = new Variable(FilterBlock.Written);
        if (tokens.TrySkipOperator("|")) captured = expressions.ReadFiltersOf(captured);
        if (targets.Count > 1 || tokens.Current.Kind != TokenKind.BlockEnd) throw tokens.Unexpected("'=' or '%}'");
        EndBlock();
        return new Capture(line, targets[0], attribute, captured, ReadBodyTo("endset"));
    }

    private MacroDefinition ReadMacro(int line)
    {
        var name = tokens.Expect(TokenKind.Name, "the name of a macro").Text;
        tokens.ExpectOperator("(");
        var parameters = new List<(string, Expression?)>();
        while (!tokens.TrySkipOperator(")"))
        {
            if (parameters.Count == ExpressionParser.MostArguments) throw tokens.Fail(Invariant($"a macro has more than {ExpressionParser.MostArguments} parameters"));
            if (parameters.Count > 0) tokens.ExpectOperator(",");
            var parameter = tokens.Expect(TokenKind.Name, "the name of a parameter").Text;
            parameters.Add((parameter, tokens.TrySkipOperator("=") ? expressions.Read() : null));
        }

        EndBlock();
        return new MacroDefinition(line, name, parameters, ReadBodyTo("endmacro"));
    }

    private List<string> ReadTargets()
    {
        var isInBrackets = tokens.TrySkipOperator("(");
        var targets = new List<string> { ReadTarget() };
        while (tokens.TrySkipOperator(",")) targets.Add(ReadTarget());
        if (isInBrackets) tokens.ExpectOperator(")");
        return targets;
    }

    private string ReadTarget() => tokens.Expect(TokenKind.Name, "the name of a variable").Text;

    private List<Statement> ReadBodyTo(string end)
    {
        var body = ReadBody(end);
        tokens.Take();
        EndBlock();
        return body;
    }

    private void EndBlock() => tokens.Expect(TokenKind.BlockEnd, "'%}'");
}
