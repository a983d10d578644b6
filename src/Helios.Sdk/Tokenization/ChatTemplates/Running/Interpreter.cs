using Helios.Sdk.Tokenization.ChatTemplates.Syntax;
using Helios.Sdk.Tokenization.ChatTemplates.Values;

namespace Helios.Sdk.Tokenization.ChatTemplates.Running;

/// <summary>Runs the statements of a template, once.</summary>
internal sealed class Interpreter(ExecutionMeter meter)
{
    private const int FunctionBytes = 256;

    private readonly Evaluator evaluator = new(meter);
    private TextBuilder output = new(meter);

    private enum Flow
    {
        Next,
        Break,
        Continue,
    }

    public TextValue Run(IReadOnlyList<Statement> template, Scope globals)
    {
        // Outside a loop a jump ends the template's run, as there is nothing behind it.
        RunAll(template, globals);
        return output.ToText();
    }

    private Flow RunAll(IReadOnlyList<Statement> body, Scope scope)
    {
        meter.Enter();
        var flow = Flow.Next;
        for (var i = 0; i < body.Count && flow == Flow.Next; i++)
        {
            meter.Line = body[i].Line;
            meter.Charge();
            flow = Run(body[i], scope);
        }

        meter.Leave();
        return flow;
    }

    private Flow Run(Statement statement, Scope scope)
    {
        switch (statement)
        {
            case Literal literal:
                output.Append(literal.Text);
                return Flow.Next;
            case Print print:
                output.Append(ValueText.Str(evaluator.Evaluate(print.Value, scope), meter));
                return Flow.Next;
            case If choice:
                var branch = choice.Branches.FirstOrDefault(branch => branch.Condition is null || evaluator.Evaluate(branch.Condition, scope).IsTrue);
                return branch.Body is null ? Flow.Next : RunAll(branch.Body, scope);
            case For loop:
                return RunLoop(loop, scope);
            case Assign assign:
                RunAssign(assign, scope);
                return Flow.Next;
            case Capture capture:
                Store(capture.Target, capture.Attribute, Filtered(capture.Value, capture.Body, scope), scope);
                return Flow.Next;
            case FilterBlock filtered:
                output.Append(ValueText.Str(Filtered(filtered.Value, filtered.Body, scope), meter));
                return Flow.Next;
            case MacroDefinition macro:
                meter.Allocate(FunctionBytes);
                scope.Set(macro.Name, new FunctionValue(macro.Name, arguments => CallMacro(macro, arguments, scope)));
                return Flow.Next;
            case Block block:
                return RunAll(block.Body, Inside(scope));
            case LoopJump jump:
                return jump.Ends ? Flow.Break : Flow.Continue;
            default:
                throw new InvalidOperationException($"{statement.GetType().Name} is no statement.");
        }
    }

    private Flow RunLoop(For statement, Scope scope)
    {
        var items = evaluator.Items(evaluator.Evaluate(statement.Items, scope));
        if (statement.Condition is { } condition) items = [.. items.Where(item => evaluator.Evaluate(condition, Turn(statement, item, scope)).IsTrue)];
        var loop = new LoopValue(items);
        for (var i = 0; i < items.Count; i++)
        {
            loop.Index = i;
            var turn = Turn(statement, items[i], scope);
            turn.Set("loop", loop);
            if (RunAll(statement.Body, turn) == Flow.Break) break;
        }

        return items.Count == 0 ? RunAll(statement.Else, Inside(scope)) : Flow.Next;
    }

    private Scope Turn(For statement, Value item, Scope scope)
    {
        meter.Charge();
        var turn = Inside(scope);
        Unpack(statement.Targets, item, turn.Set);
        return turn;
    }

    private void RunAssign(Assign statement, Scope scope)
    {
        var value = evaluator.Evaluate(statement.Value, scope);
        if (statement.Attribute is not null) Store(statement.Targets[0], statement.Attribute, value, scope);
        else Unpack(statement.Targets, value, scope.Set);
    }

    private void Unpack(IReadOnlyList<string> targets, Value value, Action<string, Value> set)
    {
        if (targets.Count == 1)
        {
            set(targets[0], value);
            return;
        }

        var items = evaluator.Items(value);
        if (items.Count != targets.Count) throw meter.Fail($"found {items.Count} values, expected {targets.Count}");
        for (var i = 0; i < targets.Count; i++) set(targets[i], items[i]);
    }

    private void Store(string target, string? attribute, Value value, Scope scope)
    {
        if (attribute is null) scope.Set(target, value);
        else if (scope.Get(target) is NamespaceValue space) space.Members[attribute] = value;
        else throw meter.Fail($"'{target}' is {scope.Get(target).TypeName}; only a namespace has members that can be set");
    }

    private TextValue CallMacro(MacroDefinition macro, CallArguments arguments, Scope definedIn)
    {
        var line = meter.Line;
        var bound = arguments.Bind([.. macro.Parameters.Select(parameter => parameter.Name)]);
        var scope = Inside(definedIn);
        for (var i = 0; i < bound.Length; i++)
        {
            var (name, fallback) = macro.Parameters[i];
            scope.Set(name, bound[i] ?? (fallback is null ? new UndefinedValue(name) : evaluator.Evaluate(fallback, scope)));
        }

        var text = Captured(macro.Body, scope);
        meter.Line = line;
        return text;
    }

    private Scope Inside(Scope scope)
    {
        meter.Allocate(Scope.Bytes);
        return new Scope(scope);
    }

    /// <summary>What statements write, as filters make it.</summary>
    private Value Filtered(Expression value, IReadOnlyList<Statement> body, Scope scope)
    {
        var written = Captured(body, Inside(scope));
        if (value is Variable) return written;
        var inside = Inside(scope);
        inside.Set(FilterBlock.Written, written);
        return evaluator.Evaluate(value, inside);
    }

    /// <summary>What statements write, instead of writing it.</summary>
    private TextValue Captured(IReadOnlyList<Statement> body, Scope scope)
    {
        var (outside, inside) = (output, new TextBuilder(meter));
        output = inside;
        RunAll(body, scope);
        output = outside;
        return inside.ToText();
    }
}
