using System.Globalization;
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
            case "string":
                arguments.None();
                return ValueText.Str(value, meter);
            case "safe":
                arguments.None();
                return ValueText.Str(value, meter).AsMarkup();
            case "attr":
                return evaluator.MemberOf(value, arguments.OwnText(arguments.Single("name"), "name"));
            case "round":
                return Round(value, arguments);
            case "format":
                return TextFormat.Percent(arguments.Text(value, "format"), arguments);
            case "tojson":
                return Json.Write(value, arguments);
            case "int":
                return ToInt(value, arguments);
            case "float":
                return ToFloat(value, arguments);
            case "abs":
                arguments.None();
                return value is FloatValue number ? new FloatValue(Math.Abs(number.Number), number.IsCallers) : Operators.Holds("<", value, new IntValue(0), meter) ? Operators.Apply("-", value, meter) : value;
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
        return value switch
        {
            TextValue text => CodePoints.Count(text.Text, meter),
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
        if (value is TextValue numeral) ChargeNumeral(numeral, arguments.Meter);
        return value switch
        {
            IntValue => value,
            BoolValue truth => new IntValue(truth.IsTrue ? 1 : 0),
            FloatValue number when Math.Abs(number.Number) < 9e18 => new IntValue((long)number.Number, number.IsCallers),
            TextValue text when PythonText.TryInt(text.Text, out var whole) => new IntValue(whole, !text.Verbatim.IsEmpty),
            TextValue text when PythonText.TryFloat(text.Text, out var fraction) && Math.Abs(fraction) < 9e18 => new IntValue((long)fraction, !text.Verbatim.IsEmpty),
            _ => bound[0] ?? new IntValue(0),
        };
    }

    private static Value ToFloat(Value value, CallArguments arguments)
    {
        var fallback = arguments.Bind("default")[0] ?? new FloatValue(0);
        if (ValueComparison.TryNumber(value, out var number)) return new FloatValue(number, Value.IsCallersNumber(value));
        if (value is not TextValue text) return fallback;
        ChargeNumeral(text, arguments.Meter);
        return PythonText.TryFloat(text.Text, out var parsed) ? new FloatValue(parsed, !text.Verbatim.IsEmpty) : fallback;
    }

    /// <summary>A numeral is read twice at most, each time into a copy or two.</summary>
    private static void ChargeNumeral(TextValue text, ExecutionMeter meter)
    {
        meter.Scan(text.Length);
        meter.AllocateText(8L * Math.Min(text.Length, PythonText.LongestNumeral));
    }

    private static Value Round(Value value, CallArguments arguments)
    {
        var bound = arguments.Bind("precision", "method");
        if (!ValueComparison.TryNumber(value, out var number)) throw arguments.Fail($"found {value.TypeName}, expected a number");
        if (value is IntValue && bound[1] is null) return value;
        var digits = Math.Clamp(arguments.Int(bound[0], "precision", 0), 0, 15);
        var scale = Math.Pow(10, digits);
        var rounded = bound[1] is null ? "common" : arguments.OwnText(bound[1], "method");
        return new FloatValue(
            rounded switch
            {
                "common" => double.IsFinite(number) ? double.Parse(PythonText.Fixed(number, digits), CultureInfo.InvariantCulture) : number,
                "ceil" => Math.Ceiling(number * scale) / scale,
                "floor" => Math.Floor(number * scale) / scale,
                _ => throw arguments.Fail("the method is not common, ceil or floor"),
            },
            Value.IsCallersNumber(value));
    }
}
