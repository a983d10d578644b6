using System.Text;
using Helios.Sdk.Tokenization.ChatTemplates.Syntax;
using Helios.Sdk.Tokenization.ChatTemplates.Values;

namespace Helios.Sdk.Tokenization.ChatTemplates.Running;

/// <summary>Methods that texts, lists and dicts have. None changes what it is called on.</summary>
internal static class Methods
{
    /// <summary>A method with what it is called on; null where there is none of that name.</summary>
    public static FunctionValue? Find(Value target, string name, Evaluator evaluator)
    {
        Func<CallArguments, Value>? method = target switch
        {
            TextValue text => OfText(text, name, evaluator),
            MapValue map => OfMap(map, name, evaluator),
            ListValue list => OfList(list, name),
            _ => null,
        };
        return method is null ? null : new FunctionValue(name, method);
    }

    /// <summary>Pairs of key and value.</summary>
    public static ListValue Items(MapValue map, Evaluator evaluator) =>
        evaluator.List([.. map.Entries.Select(entry => evaluator.List([entry.Key, entry.Value], isTuple: true))]);

    private static Func<CallArguments, Value>? OfMap(MapValue map, string name, Evaluator evaluator) => name switch
    {
        "items" => arguments => arguments.None(() => Items(map, evaluator)),
        "keys" => arguments => arguments.None(() => evaluator.List(evaluator.Items(map))),
        "copy" => arguments => arguments.None(() => map),
        "values" => arguments => arguments.None(() => evaluator.List([.. map.Entries.Select(entry => entry.Value)])),
        "get" => arguments => arguments.Bind("key", "default") is [{ } key, var fallback] ? map.Find(key, arguments.Meter) ?? fallback ?? NoneValue.Instance : throw arguments.Fail("the argument 'key' is missing"),
        _ => null,
    };

    private static Func<CallArguments, Value>? OfList(ListValue list, string name) => name switch
    {
        "count" => arguments => CountIn(list, arguments),
        "index" => arguments => IndexIn(list, arguments),
        "copy" => arguments => arguments.None(() => list),
        _ => null,
    };

    private static Func<CallArguments, Value>? OfText(TextValue text, string name, Evaluator evaluator) => name switch
    {
        "strip" or "lstrip" or "rstrip" => arguments =>
            TextMethods.Strip(text, arguments.TextOrNull(arguments.Bind("chars")[0], "chars"), left: name != "rstrip", right: name != "lstrip", arguments.Meter),
        "upper" or "lower" or "capitalize" or "title" => arguments => arguments.None(() => TextMethods.InCase(text, name, arguments.Meter)),
        "split" or "rsplit" => arguments => Split(text, name, arguments, evaluator),
        "splitlines" => arguments => evaluator.List(TextMethods.SplitLines(text, arguments.Bind("keepends")[0] is { IsTrue: true }, arguments.Meter)),
        "startswith" or "endswith" => arguments => BoolValue.Of(Fits(text, name == "startswith", arguments)),
        "removeprefix" or "removesuffix" => arguments => Remove(text, name == "removeprefix", arguments),
        "replace" => arguments => Replace(text, arguments),
        "find" or "rfind" or "index" => arguments => Find(text, name, arguments),
        "count" => arguments => new IntValue(TextMethods.CountOf(text, arguments.Text(arguments.Single("sub"), "sub"), arguments.Meter)),
        "join" => arguments => Join(text, arguments, evaluator),
        "isdigit" => arguments => All(text, PythonText.IsDigit, arguments),
        "isalpha" => arguments => All(text, PythonText.IsAlpha, arguments),
        "isalnum" => arguments => All(text, PythonText.IsAlphanumeric, arguments),
        "isspace" => arguments => All(text, PythonText.IsSpace, arguments),
        "islower" => arguments => arguments.None(() => BoolValue.Of(PythonCase.IsLower(text.Text, arguments.Meter))),
        "isupper" => arguments => arguments.None(() => BoolValue.Of(PythonCase.IsUpper(text.Text, arguments.Meter))),
        "format" => arguments => TextFormat.Braces(text, arguments),
        "partition" or "rpartition" => arguments =>
            evaluator.List(TextMethods.Partition(text, arguments.Text(arguments.Single("sep"), "sep"), name == "rpartition", arguments.Meter), isTuple: true),
        _ => null,
    };

    private static IntValue IndexIn(ListValue list, CallArguments arguments)
    {
        var item = arguments.Single("value");
        for (var i = 0; i < list.Items.Count; i++)
        {
            if (ValueComparison.AreEqual(list.Items[i], item, arguments.Meter)) return new IntValue(i);
        }

        throw arguments.Fail("the value is not in the list");
    }

    private static IntValue CountIn(ListValue list, CallArguments arguments)
    {
        var item = arguments.Single("value");
        var count = 0;
        for (var i = 0; i < list.Items.Count; i++)
        {
            if (ValueComparison.AreEqual(list.Items[i], item, arguments.Meter)) count++;
        }

        return new IntValue(count);
    }

    private static TextValue Replace(TextValue text, CallArguments arguments)
    {
        var bound = arguments.Bind("old", "new", "count");
        return TextMethods.Replace(text, arguments.Text(bound[0], "old"), arguments.Text(bound[1], "new"), arguments.Int(bound[2], "count", int.MaxValue), arguments.Meter);
    }

    private static ListValue Split(TextValue text, string name, CallArguments arguments, Evaluator evaluator)
    {
        var bound = arguments.Bind("sep", "maxsplit");
        var separator = arguments.TextOrNull(bound[0], "sep");
        var most = arguments.Int(bound[1], "maxsplit", -1);
        if (most < 0) most = int.MaxValue;
        if (name == "split") return evaluator.List(TextMethods.Split(text, separator, most, arguments.Meter));
        return evaluator.List(TextMethods.SplitFromRight(text, separator, most, arguments.Meter));
    }

    private static bool Fits(TextValue text, bool atStart, CallArguments arguments)
    {
        var wanted = arguments.Single("prefix");
        var affixes = wanted is ListValue { IsTuple: true } tuple ? tuple.Items : [wanted];
        return affixes.Any(affix =>
        {
            var part = arguments.Text(affix, "prefix").Text;
            arguments.Meter.ChargeText(part.Length);
            return atStart ? text.Text.StartsWith(part, StringComparison.Ordinal) : text.Text.EndsWith(part, StringComparison.Ordinal);
        });
    }

    private static TextValue Remove(TextValue text, bool atStart, CallArguments arguments)
    {
        var part = arguments.Text(arguments.Single("affix"), "affix");
        if (!Fits(text, atStart, arguments)) return text;
        return text.Cut(atStart ? part.Length : 0, text.Length - part.Length, arguments.Meter);
    }

    private static IntValue Find(TextValue text, string name, CallArguments arguments)
    {
        var part = arguments.Text(arguments.Single("sub"), "sub").Text;
        var fromRight = name == "rfind";
        var at = part.Length == 0 ? (fromRight ? text.Length : 0) : fromRight ? new TextSearch(part, arguments.Meter, fromRight).Last(text.Text, text.Length) : new TextSearch(part, arguments.Meter).Next(text.Text, 0);
        if (at < 0 && name == "index") throw arguments.Fail("the text is not there");
        return new IntValue(at < 0 ? -1 : CodePoints.Count(text.Text.AsSpan(0, at), arguments.Meter));
    }

    /// <summary>The filter turns items into text; the method takes nothing but texts.</summary>
    private static Value Join(TextValue text, CallArguments arguments, Evaluator evaluator)
    {
        var items = arguments.Single("items");
        foreach (var item in evaluator.Items(items)) arguments.Text(item, "items");
        return Filters.Apply(items, evaluator.Callable("join", text), "join", evaluator);
    }

    private static BoolValue All(TextValue text, Func<Rune, bool> holds, CallArguments arguments)
    {
        arguments.None();
        foreach (var rune in text.Text.EnumerateRunes())
        {
            arguments.Meter.Scan(2 * rune.Utf16SequenceLength);
            if (!holds(rune)) return BoolValue.False;
        }

        return BoolValue.Of(text.Length > 0);
    }
}
