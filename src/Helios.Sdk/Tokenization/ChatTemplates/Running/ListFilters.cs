using System.Runtime.ExceptionServices;
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
                return evaluator.List([.. ItemsOrNone(value, evaluator).Where(item => Passes(item, arguments, 0) == (name == "select"))]);
            case "selectattr" or "rejectattr":
                var attribute = arguments.Text(arguments.Positional.FirstOrDefault(), "attribute");
                return evaluator.List([.. ItemsOrNone(value, evaluator).Where(item => Passes(Attribute(item, attribute, evaluator), arguments, 1) == (name == "selectattr"))]);
            case "sort":
                var sort = arguments.Bind("reverse", "case_sensitive", "attribute");
                return evaluator.List(Sorted(evaluator.Items(value), item => Key(item, sort[2], sort[1], arguments, evaluator), sort[0] is { IsTrue: true }, meter));
            case "dictsort":
                arguments.None();
                if (value is not MapValue map) throw arguments.Fail($"found {value.TypeName}, expected a dict");
                return evaluator.List(Sorted(Methods.Items(map, evaluator).Items, pair => Folded(((ListValue)pair).Items[0]), reverse: false, meter));
            case "unique":
                arguments.None();
                return evaluator.List(Unique(evaluator.Items(value), meter));
            case "min" or "max":
                arguments.None();
                var ordered = Sorted(evaluator.Items(value), Folded, reverse: name == "max", meter);
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
            var mapped = Filters.Apply(item, rest, filter, evaluator);
            arguments.Meter.Leave();
            return mapped;
        });
    }

    /// <summary>Whether an item passes the test named by an argument, or is true where none is named.</summary>
    private static bool Passes(Value item, CallArguments arguments, int nameAt)
    {
        arguments.Meter.Charge();
        if (arguments.Positional.Length <= nameAt) return item.IsTrue;
        var test = arguments.OwnText(arguments.Positional[nameAt], "name");
        return Tests.Holds(item, arguments with { Callee = $"the test '{test}'", Positional = arguments.Positional.RemoveRange(0, nameAt + 1) }, test);
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
        return isCaseSensitive is { IsTrue: true } ? key : Folded(key);
    }

    private static Value Folded(Value key) => key is TextValue text ? new TextValue(PythonCase.Lower(text.Text)) : key;

    private static List<Value> Sorted(IReadOnlyList<Value> items, Func<Value, Value> key, bool reverse, ExecutionMeter meter)
    {
        var comparer = Comparer<Value>.Create((left, right) => ValueComparison.Compare(left, right, meter));
        try
        {
            return [.. reverse ? items.OrderByDescending(key, comparer) : items.OrderBy(key, comparer)];
        }
        catch (InvalidOperationException e) when (e.InnerException is ChatTemplateException)
        {
            // Sorting wraps what a comparison throws.
            ExceptionDispatchInfo.Throw(e.InnerException);
            throw;
        }
    }

    private static List<Value> Unique(IReadOnlyList<Value> items, ExecutionMeter meter)
    {
        var unique = new List<Value>();
        foreach (var item in items)
        {
            if (!unique.Exists(other => ValueComparison.AreEqual(Folded(other), Folded(item), meter))) unique.Add(item);
        }

        return unique;
    }
}
