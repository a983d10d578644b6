using System.Collections.Immutable;
using System.Runtime.InteropServices;
using Helios.Sdk.Tokenization.ChatTemplates.Syntax;
using Helios.Sdk.Tokenization.ChatTemplates.Values;

namespace Helios.Sdk.Tokenization.ChatTemplates.Running;

/// <summary>Works out expressions. Nothing but what is written here can be reached from one.</summary>
internal sealed class Evaluator(ExecutionMeter meter)
{
    public ExecutionMeter Meter => meter;

    public Value Evaluate(Expression expression, Scope scope)
    {
        meter.Enter();
        meter.Allocate(BytesOf(expression));
        var value = expression switch
        {
            Constant constant => constant.Value,
            Variable variable => scope.Get(variable.Name),
            ListLiteral list => List(EvaluateAll(list.Items, scope), list.IsTuple),
            MapLiteral map => Map(map, scope),
            Member member => MemberOf(Evaluate(member.Target, scope), member.Name),
            Item item => ItemOf(Evaluate(item.Target, scope), Evaluate(item.Key, scope)),
            Slice slice => SliceOf(slice, scope),
            Call call => CallTo(call, scope),
            Filter filter => Filters.Apply(Evaluate(filter.Target, scope), Arguments($"the filter '{filter.Name}'", filter.Arguments, scope), filter.Name, this),
            Test test => BoolValue.Of(Tests.Holds(Evaluate(test.Target, scope), Arguments($"the test '{test.Name}'", test.Arguments, scope), test.Name) != test.IsNegated),
            Unary unary => Operators.Apply(unary.Operator, Evaluate(unary.Operand, scope), meter),
            Binary { Operator: "and" } both => Evaluate(both.Left, scope) is var left && left.IsTrue ? Evaluate(both.Right, scope) : left,
            Binary { Operator: "or" } either => Evaluate(either.Left, scope) is var left && left.IsTrue ? left : Evaluate(either.Right, scope),
            Binary { Operator: "+" } sum => Add(sum, scope),
            Binary binary => Operators.Apply(binary.Operator, Evaluate(binary.Left, scope), Evaluate(binary.Right, scope), meter),
            Comparison comparison => BoolValue.Of(Holds(comparison, scope)),
            Choice choice => Evaluate(choice.Condition, scope).IsTrue ? Evaluate(choice.Then, scope)
                : choice.Else is { } otherwise ? Evaluate(otherwise, scope)
                : new UndefinedValue("the other side of an if"),
            _ => throw new InvalidOperationException($"{expression.GetType().Name} is no expression."),
        };
        meter.Leave();
        return value;
    }

    public ListValue List(IReadOnlyList<Value> items, bool isTuple = false)
    {
        meter.Charge(items.Count);
        meter.Allocate(items.Count * (long)ListValue.ItemBytes);
        return meter.Nested(new ListValue(items, isTuple));
    }

    /// <summary>What a loop over a value goes through.</summary>
    public IReadOnlyList<Value> Items(Value value)
    {
        switch (value)
        {
            case ListValue list:
                meter.Charge(list.Items.Count);
                return list.Items;
            case MapValue map:
                meter.Charge(map.Count);
                meter.Allocate(map.Count * (long)ListValue.ItemBytes);
                return [.. map.Entries.Select(entry => entry.Key)];
            case TextValue text:
                return CodePoints.Split(text, meter);
            case UndefinedValue:
                return [];
            default:
                throw meter.Fail($"{value.TypeName} has no items");
        }
    }

    /// <summary><c>a[b]</c>: an item, else a member.</summary>
    public Value ItemOf(Value target, Value key)
    {
        switch (target)
        {
            case ListValue list when ValueComparison.TryNumber(key, out _) && key is not FloatValue:
                return At(list.Items.Count, key) is { } index ? list.Items[index] : new UndefinedValue("an item");
            case TextValue text when key is IntValue:
                if (At(CodePoints.Count(text.Text, meter), key) is not { } place) return new UndefinedValue("an item");
                var start = CodePoints.Offset(text.Text, place, meter);
                return text.Cut(start, CodePoints.Offset(text.Text.AsSpan(start), 1, meter), meter);
            case MapValue map:
                return map.Find(key, meter) ?? (Value?)(key is TextValue name ? Methods.Find(map, name.Text, this) : null) ?? Missing(key);
            case UndefinedValue undefined:
                throw meter.Fail($"'{undefined.Name}' is undefined");
            default:
                return key is TextValue member && MemberOf(target, member.Text) is var found and not UndefinedValue ? found : Missing(key);
        }
    }

    /// <summary><c>a.b</c>: a method or member, else an item.</summary>
    public Value MemberOf(Value target, string name)
    {
        if (target is UndefinedValue undefined) throw meter.Fail($"'{undefined.Name}' is undefined, so it has no '{name}'");
        return Methods.Find(target, name, this)
            ?? target switch
            {
                MapValue map => map.Find(name),
                NamespaceValue space => space.Members.GetValueOrDefault(name),
                LoopValue loop => loop.Find(name),
                _ => null,
            }
            ?? new UndefinedValue(name);
    }

    public CallArguments Callable(string callee, params ImmutableArray<Value> positional) => new(callee, positional, [], meter);

    /// <summary>What working out a node takes, without what is charged for the value that comes of it.</summary>
    private static int BytesOf(Expression expression) => expression switch
    {
        Constant or Variable => 0,
        Call or Filter or Test => 768,
        Member or Slice => 256,
        _ => TemplateLimits.ValueBytes,
    };

    /// <summary>
    /// A sum, from left to right without going one deeper for each term: a template that writes a long text of many pieces is not deep.
    /// </summary>
    private Value Add(Binary sum, Scope scope)
    {
        var terms = new Stack<Expression>();
        Expression first = sum;
        for (; first is Binary { Operator: "+" } inner; first = inner.Left)
        {
            meter.Charge();
            meter.Allocate(ListValue.ItemBytes);
            terms.Push(inner.Right);
        }

        var value = Evaluate(first, scope);
        while (terms.TryPop(out var term)) value = Operators.Apply("+", value, Evaluate(term, scope), meter);
        return value;
    }

    /// <summary>Messages name it, and must not repeat what the caller wrote.</summary>
    private static UndefinedValue Missing(Value key) => new(key is TextValue { Verbatim.IsEmpty: true } name ? name.Text : "an item");

    private static int? At(int count, Value key)
    {
        ValueComparison.TryNumber(key, out var number);
        var index = number < 0 ? number + count : number;
        return index >= 0 && index < count ? (int)index : null;
    }

    private MapValue Map(MapLiteral literal, Scope scope)
    {
        var map = new MapValue();
        foreach (var (keyExpression, valueExpression) in literal.Items)
        {
            var key = Evaluate(keyExpression, scope);
            meter.Allocate(MapValue.EntryBytes);
            if (key is TextValue text) meter.ChargeText(text.Length);
            if (!map.TrySet(key, Evaluate(valueExpression, scope))) throw meter.Fail($"{key.TypeName} cannot be the key of a dict");
        }

        return meter.Nested(map);
    }

    private Value CallTo(Call call, Scope scope)
    {
        var target = Evaluate(call.Target, scope);
        return target switch
        {
            FunctionValue function => function.Invoke(Arguments(function.Name, call.Arguments, scope)),
            UndefinedValue undefined => throw meter.Fail($"'{undefined.Name}' is undefined, so it cannot be called"),
            _ => throw meter.Fail($"{target.TypeName} cannot be called"),
        };
    }

    private CallArguments Arguments(string callee, ArgumentList list, Scope scope) => new(
        callee,
        ImmutableCollectionsMarshal.AsImmutableArray(EvaluateAll(list.Positional, scope)),
        list.Named.Count == 0 ? [] : [.. list.Named.Select(argument => (argument.Name, Evaluate(argument.Value, scope)))],
        meter);

    private Value[] EvaluateAll(IReadOnlyList<Expression> expressions, Scope scope)
    {
        if (expressions.Count == 0) return [];
        meter.Allocate(expressions.Count * (long)ListValue.ItemBytes);
        var values = new Value[expressions.Count];
        for (var i = 0; i < values.Length; i++) values[i] = Evaluate(expressions[i], scope);
        return values;
    }

    private bool Holds(Comparison comparison, Scope scope)
    {
        var left = Evaluate(comparison.First, scope);
        foreach (var (name, operand) in comparison.Rest)
        {
            var right = Evaluate(operand, scope);
            if (!Operators.Holds(name, left, right, meter)) return false;
            left = right;
        }

        return true;
    }

    private Value SliceOf(Slice slice, Scope scope)
    {
        var target = Evaluate(slice.Target, scope);
        var (start, stop, step) = (Bound(slice.Start, scope), Bound(slice.Stop, scope), Bound(slice.Step, scope) ?? 1);
        if (step == 0) throw meter.Fail("the step of a slice is 0");
        switch (target)
        {
            case ListValue list:
                var items = new List<Value>();
                foreach (var i in Indices(list.Items.Count, start, stop, step))
                {
                    meter.Charge();
                    meter.Allocate(ListValue.ItemBytes);
                    items.Add(list.Items[i]);
                }

                return List(items, list.IsTuple);
            case TextValue text when step == 1:
                var count = CodePoints.Count(text.Text, meter);
                var (from, to) = (Clamp(start ?? 0, count, 0), Clamp(stop ?? count, count, 0));
                if (from >= to) return TextValue.Empty;
                var first = CodePoints.Offset(text.Text, from, meter);
                return text.Cut(first, CodePoints.Offset(text.Text, to, meter) - first, meter);
            case TextValue text:
                var characters = CodePoints.Split(text, meter);
                var builder = new TextBuilder(meter);
                foreach (var i in Indices(characters.Count, start, stop, step)) builder.Append((TextValue)characters[i]);
                return builder.ToText();
            case UndefinedValue undefined:
                throw meter.Fail($"'{undefined.Name}' is undefined");
            default:
                throw meter.Fail($"{target.TypeName} cannot be sliced");
        }
    }

    private int? Bound(Expression? expression, Scope scope)
    {
        if (expression is null) return null;
        return Evaluate(expression, scope) switch
        {
            NoneValue => null,
            IntValue number => (int)Math.Clamp(number.Number, -int.MaxValue, int.MaxValue),
            var other => throw meter.Fail($"a bound of a slice is {other.TypeName}, expected an integer"),
        };
    }

    private static IEnumerable<int> Indices(int count, int? start, int? stop, int step)
    {
        var lowest = step > 0 ? 0 : -1;
        var highest = step > 0 ? count : count - 1;
        var end = stop is { } last ? Clamp(last, count, lowest, highest) : step > 0 ? count : -1;
        for (long i = start is { } first ? Clamp(first, count, lowest, highest) : step > 0 ? 0 : count - 1; step > 0 ? i < end : i > end; i += step)
            yield return (int)i;
    }

    private static int Clamp(int bound, int count, int lowest, int highest = int.MaxValue) =>
        Math.Clamp(bound < 0 ? bound + count : bound, lowest, Math.Min(highest, count));
}
