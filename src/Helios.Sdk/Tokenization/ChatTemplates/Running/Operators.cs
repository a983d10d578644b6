using Helios.Sdk.Tokenization.ChatTemplates.Values;

namespace Helios.Sdk.Tokenization.ChatTemplates.Running;

/// <summary>Arithmetic, concatenation and comparison, as Python has them. Whole numbers that pass 64 bits are refused.</summary>
internal static class Operators
{
    public static Value Apply(string name, Value operand, ExecutionMeter meter) => (name, operand) switch
    {
        ("not", _) => BoolValue.Of(!operand.IsTrue),
        ("-", FloatValue number) => new FloatValue(-number.Number),
        ("+", FloatValue) => operand,
        _ when WholeOrNull(operand) is { } number => name == "+" ? new IntValue(number) : Whole(() => checked(-number), meter),
        _ => throw meter.Fail($"{operand.TypeName} cannot be used with {name}"),
    };

    public static Value Apply(string name, Value left, Value right, ExecutionMeter meter)
    {
        if (name == "~") return Join(meter, ValueText.Str(left, meter), ValueText.Str(right, meter));
        if (WholeOrNull(left) is { } a && WholeOrNull(right) is { } b && ApplyWhole(name, a, b, meter) is { } whole) return whole;
        if (ValueComparison.TryNumber(left, out var x) && ValueComparison.TryNumber(right, out var y)) return ApplyFraction(name, x, y, meter);
        return (name, left, right) switch
        {
            ("+", TextValue first, TextValue second) => Join(meter, first, second),
            ("+", ListValue first, ListValue second) when first.IsTuple == second.IsTuple => Join(meter, first, second),
            ("*", TextValue text, IntValue times) => Repeat(text, times.Number, meter),
            ("*", IntValue times, TextValue text) => Repeat(text, times.Number, meter),
            ("*", ListValue list, IntValue times) => Repeat(list, times.Number, meter),
            (_, UndefinedValue undefined, _) => throw meter.Fail($"'{undefined.Name}' is undefined"),
            (_, _, UndefinedValue undefined) => throw meter.Fail($"'{undefined.Name}' is undefined"),
            _ => throw meter.Fail($"{left.TypeName} and {right.TypeName} cannot be used with {name}"),
        };
    }

    public static bool Holds(string name, Value left, Value right, ExecutionMeter meter) => name switch
    {
        "==" => ValueComparison.AreEqual(left, right, meter),
        "!=" => !ValueComparison.AreEqual(left, right, meter),
        "<" => ValueComparison.Compare(left, right, meter) < 0,
        "<=" => ValueComparison.Compare(left, right, meter) <= 0,
        ">" => ValueComparison.Compare(left, right, meter) > 0,
        ">=" => ValueComparison.Compare(left, right, meter) >= 0,
        "in" => ValueComparison.Contains(right, left, meter),
        "not in" => !ValueComparison.Contains(right, left, meter),
        _ => throw new InvalidOperationException($"{name} compares nothing."),
    };

    private static long? WholeOrNull(Value value) => value switch
    {
        IntValue number => number.Number,
        BoolValue truth => truth.IsTrue ? 1 : 0,
        _ => null,
    };

    /// <summary>Null for what gives a fraction.</summary>
    private static IntValue? ApplyWhole(string name, long a, long b, ExecutionMeter meter)
    {
        if (name is "//" or "%" && b == 0) throw meter.Fail("division by zero");
        return name switch
        {
            "+" => Whole(() => checked(a + b), meter),
            "-" => Whole(() => checked(a - b), meter),
            "*" => Whole(() => checked(a * b), meter),
            "//" => Whole(() => checked(a / b) - (a % b != 0 && (a < 0) != (b < 0) ? 1 : 0), meter),
            "%" => new IntValue(b == -1 ? 0 : ((a % b) + b) % b),
            "**" when b >= 0 => Whole(() => Power(a, b), meter),
            _ => null,
        };
    }

    private static long Power(long number, long exponent)
    {
        if (number is 0 or 1) return exponent == 0 ? 1 : number;
        if (number == -1) return exponent % 2 == 0 ? 1 : -1;
        long power = 1;
        for (; exponent > 0; exponent--) power = checked(power * number);
        return power;
    }

    private static FloatValue ApplyFraction(string name, double x, double y, ExecutionMeter meter)
    {
        if (name is "/" or "//" or "%" && y == 0) throw meter.Fail("division by zero");
        return new FloatValue(name switch
        {
            "+" => x + y,
            "-" => x - y,
            "*" => x * y,
            "/" => x / y,
            "//" => Math.Floor(x / y),
            "%" => x - (y * Math.Floor(x / y)),
            "**" => Math.Pow(x, y),
            _ => throw new InvalidOperationException($"{name} is no operator."),
        });
    }

    private static IntValue Whole(Func<long> compute, ExecutionMeter meter)
    {
        try
        {
            return new IntValue(compute());
        }
        catch (OverflowException)
        {
            throw meter.Fail("a whole number grows past 64 bits");
        }
    }

    private static TextValue Join(ExecutionMeter meter, params ReadOnlySpan<TextValue> parts)
    {
        var builder = new TextBuilder(meter);
        foreach (var part in parts) builder.Append(part);
        return builder.ToText();
    }

    private static ListValue Join(ExecutionMeter meter, ListValue first, ListValue second)
    {
        meter.Charge(first.Items.Count + second.Items.Count);
        return new ListValue([.. first.Items, .. second.Items], first.IsTuple);
    }

    private static TextValue Repeat(TextValue text, long times, ExecutionMeter meter)
    {
        var builder = new TextBuilder(meter);
        for (; times > 0 && text.Length > 0; times--) builder.Append(text);
        return builder.ToText();
    }

    private static ListValue Repeat(ListValue list, long times, ExecutionMeter meter)
    {
        var items = new List<Value>();
        for (; times > 0 && list.Items.Count > 0; times--)
        {
            meter.Charge(list.Items.Count);
            items.AddRange(list.Items);
        }

        return new ListValue(items, list.IsTuple);
    }
}
