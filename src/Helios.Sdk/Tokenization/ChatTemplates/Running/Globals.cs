using System.Text;
using Helios.Sdk.Tokenization.ChatTemplates.Values;

namespace Helios.Sdk.Tokenization.ChatTemplates.Running;

/// <summary>Functions that every template can call.</summary>
internal static class Globals
{
    private const int LongestMessage = 500;
    private const long NumberBytes = 32;

    /// <summary>A scope with the functions in it.</summary>
    /// <param name="now">What <c>strftime_now</c> takes for now.</param>
    public static Scope Create(DateTimeOffset now)
    {
        var scope = new Scope(null);
        void Add(string name, Func<CallArguments, Value> function) => scope.Set(name, new FunctionValue(name, function));
        Add("raise_exception", arguments => throw new ConversationRefusedException($"The model's chat template refuses the conversation: {OwnWords(ValueText.Str(arguments.Single("message"), arguments.Meter))}"));
        Add("strftime_now", arguments => TimeFormat.Write(arguments.Text(arguments.Single("format"), "format"), now, arguments));
        Add("namespace", Namespace);
        Add("dict", Dict);
        Add("range", Range);
        return scope;
    }

    /// <summary>A text without what the caller wrote: what is said in a conversation stands in no message, as messages are logged.</summary>
    private static string OwnWords(TextValue text)
    {
        var words = new StringBuilder();
        var done = 0;
        foreach (var span in text.Verbatim)
        {
            words.Append(text.Text, done, span.Start - done).Append("(...)");
            done = span.End;
        }

        words.Append(text.Text, done, text.Length - done);
        return words.Length <= LongestMessage ? words.ToString() : words.ToString(0, LongestMessage) + "...";
    }

    private static MapValue Dict(CallArguments arguments)
    {
        var map = new MapValue();
        if (arguments.Positional is [MapValue given])
        {
            foreach (var (key, value) in given.Entries) Set(map, key, value, arguments.Meter);
        }
        else if (!arguments.Positional.IsEmpty)
        {
            throw arguments.Fail("expected a dict, or arguments with names");
        }

        foreach (var (name, value) in arguments.Named) Set(map, new TextValue(name), value, arguments.Meter);
        return arguments.Meter.Nested(map);
    }

    private static void Set(MapValue map, Value key, Value value, ExecutionMeter meter)
    {
        meter.Charge();
        meter.Allocate(MapValue.EntryBytes);
        map.TrySet(key, value);
    }

    private static NamespaceValue Namespace(CallArguments arguments)
    {
        var space = new NamespaceValue();
        if (arguments.Positional is [MapValue map])
        {
            foreach (var (key, value) in map.Entries)
            {
                var name = arguments.Text(key, "key");
                arguments.Meter.ChargeText(name.Length);
                arguments.Meter.Allocate(MapValue.EntryBytes);
                space.Members[name.Text] = value;
            }
        }
        else if (!arguments.Positional.IsEmpty)
        {
            throw arguments.Fail("expected a dict, or arguments with names");
        }

        foreach (var (name, value) in arguments.Named) space.Members[name] = value;
        return space;
    }

    private static ListValue Range(CallArguments arguments)
    {
        var bound = arguments.Bind("start", "stop", "step");
        long first = arguments.Int(bound[0], "start", 0);
        long end = arguments.Int(bound[1], "stop", 0);
        long step = arguments.Int(bound[2], "step", 1);
        if (bound[1] is null) (first, end) = (0, first);
        if (step == 0) throw arguments.Fail("the step is 0");
        var count = Math.Max(0, step > 0 ? (end - first + step - 1) / step : (first - end - step - 1) / -step);
        if (count > arguments.Meter.Limits.Range) throw arguments.Fail(Invariant($"found {count} numbers, expected at most {arguments.Meter.Limits.Range}"));
        arguments.Meter.Charge(count);
        arguments.Meter.Allocate(count * (ListValue.ItemBytes + NumberBytes));
        var numbers = new Value[count];
        for (var i = 0; i < count; i++) numbers[i] = new IntValue(first + (i * step));
        return new ListValue(numbers);
    }
}
