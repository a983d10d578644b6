using Helios.Sdk.Tokenization.ChatTemplates.Syntax;
using Helios.Sdk.Tokenization.ChatTemplates.Values;

namespace Helios.Sdk.Tokenization.ChatTemplates.Running;

/// <summary>Filters over lists.</summary>
internal static class ListFilters
{
    public static Value? TryApply(Value value, CallArguments arguments, string name, Evaluator evaluator)
    {
        var meter = arguments.Meter;
        switch (name)
        {
            case "list":
                arguments.None();
                return evaluator.List(evaluator.Items(value));
            case "first" or "last":
                arguments.None();
                var items = evaluator.Items(value);
                return items.Count == 0 ? new UndefinedValue($"the {name} of nothing") : items[name == "first" ? 0 : ^1];
            case "reverse":
                arguments.None();
                return value is TextValue ? Joined(evaluator.Items(value).Reverse(), null, meter) : evaluator.List([.. evaluator.Items(value).Reverse()]);
            case "join":
                var bound = arguments.Bind("d", "attribute");
                return Joined(Attributes(evaluator.Items(value), bound[1], arguments, evaluator), ValueText.Str(bound[0] ?? TextValue.Empty, meter), meter);
            case "map":
                return evaluator.List([.. Map(ItemsOrNone(value, evaluator), arguments, evaluator)]);
            case "select" or "reject":
                return evaluator.List([.. ItemsOrNone(value, evaluator).Where(Passes(arguments, 0, item => item, wanted: name == "select"))]);
            case "selectattr" or "rejectattr":
                var attribute = arguments.Text(arguments.Positional.FirstOrDefault(), "attribute");
                return evaluator.List([.. ItemsOrNone(value, evaluator).Where(Passes(arguments, 1, item => Attribute(item, attribute, evaluator), wanted: name == "selectattr"))]);
            case "sort":
                var sort = arguments.Bind("reverse", "case_sensitive", "attribute");
                return evaluator.List(Sorting.Sort(evaluator.Items(value), item => Key(item, sort[2], sort[1], arguments, evaluator), sort[0] is { IsTrue: true }, meter));
            case "dictsort":
                var byKey = arguments.Bind("case_sensitive", "by", "reverse");
                if (value is not MapValue map) throw arguments.Fail($"found {value.TypeName}, expected a dict");
                var place = byKey[1] is null || arguments.OwnText(byKey[1], "by") == "key" ? 0 : 1;
                return evaluator.List(Sorting.Sort(Methods.Items(map, evaluator).Items, pair => Key(((ListValue)pair).Items[place], null, byKey[0], arguments, evaluator), byKey[2] is { IsTrue: true }, meter));
            case "unique":
                var distinct = arguments.Bind("case_sensitive", "attribute");
                return evaluator.List(Unique(evaluator.Items(value), item => Key(item, distinct[1], distinct[0], arguments, evaluator), meter));
            case "min" or "max":
                arguments.None();
                var ordered = Sorting.Sort(evaluator.Items(value), item => Folded(item, meter), reverse: name == "max", meter);
                return ordered.Count == 0 ? new UndefinedValue($"the {name} of nothing") : ordered[0];
            case "sum":
                var sum = arguments.Bind("attribute", "start");
                return Attributes(evaluator.Items(value), sum[0], arguments, evaluator).Aggregate(sum[1] ?? new IntValue(0), (left, right) => Operators.Apply("+", left, right, meter));
            default:
                return null;
        }
    }

    /// <summary>What filters that pick and map go through: whatever is not true, such as none, has no items for them.</summary>
    private static IReadOnlyList<Value> ItemsOrNone(Value value, Evaluator evaluator) => value.IsTrue ? evaluator.Items(value) : [];

    private static TextValue Joined(IEnumerable<Value> items, TextValue? separator, ExecutionMeter meter)
    {
        var builder = new TextBuilder(meter);
        var isFirst = true;
        foreach (var item in items)
        {
            if (!isFirst && separator is not null) builder.Append(separator);
            isFirst = false;
            builder.Append(ValueText.Str(item, meter));
        }

        return builder.ToText();
    }

    private static IEnumerable<Value> Map(IReadOnlyList<Value> items, CallArguments arguments, Evaluator evaluator)
    {
        if (arguments.Positional.IsEmpty)
        {
            var bound = arguments.Bind("attribute", "default");
            var attribute = arguments.Text(bound[0], "attribute");
            return items.Select(item => Attribute(item, attribute, evaluator) is var found && found is UndefinedValue && bound[1] is { } fallback ? fallback : found);
        }

        var filter = arguments.OwnText(arguments.Positional[0], "name");
        var rest = arguments with { Callee = $"the filter '{filter}'", Positional = arguments.Positional.RemoveAt(0) };
        return items.Select(item =>
        {
            arguments.Meter.Enter();
            arguments.Meter.Allocate(2 * TemplateLimits.ValueBytes);
            var mapped = Filters.Apply(item, rest, filter, evaluator);
            arguments.Meter.Leave();
            return mapped;
        });
    }

    /// <summary>Whether what is made of an item passes the test named by an argument, or is true where none is named.</summary>
    private static Func<Value, bool> Passes(CallArguments arguments, int nameAt, Func<Value, Value> tested, bool wanted)
    {
        var test = arguments.Positional.Length <= nameAt ? null : arguments.OwnText(arguments.Positional[nameAt], "name");
        var rest = test is null ? arguments : arguments with { Callee = $"the test '{test}'", Positional = arguments.Positional.RemoveRange(0, nameAt + 1) };
        return item =>
        {
            arguments.Meter.Charge();
            arguments.Meter.Allocate(TemplateLimits.ValueBytes);
            var value = tested(item);
            return wanted == (test is null ? value.IsTrue : Tests.Holds(value, rest, test));
        };
    }

    private static IEnumerable<Value> Attributes(IReadOnlyList<Value> items, Value? attribute, CallArguments arguments, Evaluator evaluator) =>
        arguments.TextOrNull(attribute, "attribute") is { } path ? items.Select(item => Attribute(item, path, evaluator)) : items;

    private static Value Attribute(Value item, TextValue path, Evaluator evaluator)
    {
        foreach (var name in TextMethods.Split(path, new TextValue("."), int.MaxValue, evaluator.Meter)) item = evaluator.ItemOf(item, name);
        return item;
    }

    private static Value Key(Value item, Value? attribute, Value? isCaseSensitive, CallArguments arguments, Evaluator evaluator)
    {
        var key = arguments.TextOrNull(attribute, "attribute") is { } path ? Attribute(item, path, evaluator) : item;
        return isCaseSensitive is { IsTrue: true } ? key : Folded(key, arguments.Meter);
    }

    private static Value Folded(Value key, ExecutionMeter meter) => key is TextValue text ? new TextValue(PythonCase.Lower(text.Text, meter)) : key;

    /// <summary>What a set takes, as in Jinja: texts, numbers, booleans and none.</summary>
    private static List<Value> Unique(IReadOnlyList<Value> items, Func<Value, Value> key, ExecutionMeter meter)
    {
        var seen = new HashSet<object>(KeyComparer.Instance);
        var unique = new List<Value>();
        foreach (var item in items)
        {
            var id = key(item);
            meter.ChargeText(id is TextValue text ? text.Length : 0);
            meter.Allocate(2L * ListValue.ItemBytes);
            if (seen.Add(MapValue.KeyOf(id) ?? throw meter.Fail($"unique: found {id.TypeName}, expected texts, numbers, booleans or none"))) unique.Add(item);
        }

        return unique;
    }
}
