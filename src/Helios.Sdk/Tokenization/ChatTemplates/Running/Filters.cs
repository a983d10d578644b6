using Helios.Sdk.Tokenization.ChatTemplates.Values;

namespace Helios.Sdk.Tokenization.ChatTemplates.Running;

/// <summary>What stands behind <c>|</c>.</summary>
internal static class Filters
{
    public static Value Apply(Value value, CallArguments arguments, string name, Evaluator evaluator)
    {
        var meter = arguments.Meter;
        switch (name)
        {
            case "default" or "d":
                var fallback = arguments.Bind("default_value", "boolean");
                return value is UndefinedValue || (fallback[1] is { IsTrue: true } && !value.IsTrue) ? fallback[0] ?? TextValue.Empty : value;
            case "length" or "count":
                arguments.None();
                return new IntValue(Length(value, meter));
            case "string" or "safe":
                arguments.None();
                return ValueText.Str(value, meter);
            case "tojson":
                return Json.Write(value, arguments);
            case "int":
                return ToInt(value, arguments);
            case "float":
                return ToFloat(value, arguments);
            case "abs":
                arguments.None();
                return value is FloatValue number ? new FloatValue(Math.Abs(number.Number)) : Operators.Holds("<", value, new IntValue(0), meter) ? Operators.Apply("-", value, meter) : value;
            case "items":
                arguments.None();
                return value is UndefinedValue ? evaluator.List([]) : value is MapValue map ? Methods.Items(map, evaluator) : throw meter.Fail($"items: found {value.TypeName}, expected a dict");
            default:
                return ListFilters.TryApply(value, arguments, name, evaluator)
                    ?? TextFilters.TryApply(value, arguments, name)
                    ?? throw meter.Fail($"the filter '{name}' is not supported");
        }
    }

    private static int Length(Value value, ExecutionMeter meter)
    {
        if (value is TextValue counted) meter.ChargeText(counted.Length);
        return value switch
        {
            TextValue text => CodePoints.Count(text.Text),
            ListValue list => list.Items.Count,
            MapValue map => map.Count,
            UndefinedValue => 0,
            _ => throw meter.Fail($"{value.TypeName} has no length"),
        };
    }

    private static Value ToInt(Value value, CallArguments arguments)
    {
        var bound = arguments.Bind("default", "base");
        if (bound[1] is not null and not IntValue { Number: 10 }) throw arguments.Fail("only base 10 is supported");
        return value switch
        {
            IntValue => value,
            BoolValue truth => new IntValue(truth.IsTrue ? 1 : 0),
            FloatValue number when Math.Abs(number.Number) < 9e18 => new IntValue((long)number.Number),
            TextValue text when PythonText.TryInt(text.Text, out var whole) => new IntValue(whole),
            TextValue text when PythonText.TryFloat(text.Text, out var fraction) && Math.Abs(fraction) < 9e18 => new IntValue((long)fraction),
            _ => bound[0] ?? new IntValue(0),
        };
    }

    private static Value ToFloat(Value value, CallArguments arguments)
    {
        var fallback = arguments.Bind("default")[0] ?? new FloatValue(0);
        if (ValueComparison.TryNumber(value, out var number)) return new FloatValue(number);
        return value is TextValue text && PythonText.TryFloat(text.Text, out var parsed) ? new FloatValue(parsed) : fallback;
    }
}
