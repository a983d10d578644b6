using Helios.Sdk.Tokenization.ChatTemplates.Values;

namespace Helios.Sdk.Tokenization.ChatTemplates.Running;

/// <summary>Arithmetic, concatenation and comparison, as Python has them. Whole numbers that pass 64 bits are refused.</summary>
internal static class Operators
{
    public static Value Apply(string name, Value operand, ExecutionMeter meter) => (name, operand) switch
    {
        ("not", _) => BoolValue.Of(!operand.IsTrue),
        ("-", FloatValue number) => new FloatValue(-number.Number, number.IsCallers),
        ("+", FloatValue) => operand,
        _ when WholeOrNull(operand) is { } number => name == "+" ? new IntValue(number, Value.IsCallersNumber(operand)) : Whole(() => checked(-number), Value.IsCallersNumber(operand), meter),
        _ => throw meter.Fail($"{operand.TypeName} cannot be used with {name}"),
    };

    public static Value Apply(string name, Value left, Value right, ExecutionMeter meter)
    {
        if (name == "~") return Join(ValueText.Str(left, meter).AsMarkup(false), ValueText.Str(right, meter).AsMarkup(false), meter);
        var isCallers = Value.IsCallersNumber(left) || Value.IsCallersNumber(right);
        if (WholeOrNull(left) is { } a && WholeOrNull(right) is { } b && ApplyWhole(name, a, b, isCallers, meter) is { } whole) return whole;
        if (ValueComparison.TryNumber(left, out var x) && ValueComparison.TryNumber(right, out var y)) return ApplyFraction(name, x, y, isCallers, meter);
        return (name, left, right) switch
        {
            ("+", TextValue first, TextValue second) => Add(first, second, meter),
            ("%", TextValue format, _) => TextFormat.Percent(format, new CallArguments("%", right is ListValue { IsTuple: true } tuple ? [.. tuple.Items] : [right], [], meter)),
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
    private static IntValue? ApplyWhole(string name, long a, long b, bool isCallers, ExecutionMeter meter)
    {
        if (name is "//" or "%" && b == 0) throw meter.Fail("division by zero");
        return name switch
        {
            "+" => Whole(() => checked(a + b), isCallers, meter),
            "-" => Whole(() => checked(a - b), isCallers, meter),
            "*" => Whole(() => checked(a * b), isCallers, meter),
            "//" => Whole(() => checked(a / b) - (a % b != 0 && (a < 0) != (b < 0) ? 1 : 0), isCallers, meter),
            "%" => new IntValue(Remainder(a, b), isCallers),
            "**" when b >= 0 => Whole(() => Power(a, b), isCallers, meter),
            _ => null,
        };
    }

    /// <summary>With the sign of the divisor, as in Python.</summary>
    private static long Remainder(long a, long b)
    {
        var remainder = b == -1 ? 0 : a % b;
        return remainder != 0 && (remainder < 0) != (b < 0) ? remainder + b : remainder;
    }

    private static long Power(long number, long exponent)
    {
        if (number is 0 or 1) return exponent == 0 ? 1 : number;
        if (number == -1) return exponent % 2 == 0 ? 1 : -1;
        long power = 1;
        for (; exponent > 0; exponent--) power = checked(power * number);
        return power;
    }

    private static FloatValue ApplyFraction(string name, double x, double y, bool isCallers, ExecutionMeter meter)
    {
        if (name is "/" or "//" or "%" && y == 0) throw meter.Fail("division by zero");
        var result = name switch
        {
            "+" => x + y,
            "-" => x - y,
            "*" => x * y,
            "/" => x / y,
            "//" => Math.Floor(x / y),
            "%" => x - (y * Math.Floor(x / y)),
            "**" => Math.Pow(x, y),
            _ => throw new InvalidOperationException($"{name} is no operator."),
        };
        return new FloatValue(result, isCallers);
    }

    private static IntValue Whole(Func<long> compute, bool isCallers, ExecutionMeter meter)
    {
        try
        {
            return new IntValue(compute(), isCallers);
        }
        catch (OverflowException)
        {
            throw meter.Fail("a whole number grows past 64 bits");
        }
    }

    /// <summary>One text behind the other; what is added to markup is escaped, on either side of it.</summary>
    public static TextValue Add(TextValue first, TextValue second, ExecutionMeter meter) =>
        first.IsMarkup || second.IsMarkup ? Join(Escape(first, meter), Escape(second, meter), meter).AsMarkup() : Join(first, second, meter);

    /// <summary>A text as markup, with the signs of markup in it escaped.</summary>
    public static TextValue Escape(TextValue text, ExecutionMeter meter)
    {
        if (text.IsMarkup) return text;
        meter.Allocate(16 * TemplateLimits.ValueBytes);
        foreach (var (plain, escaped) in new[] { ("&", "&amp;"), ("<", "&lt;"), (">", "&gt;"), ("'", "&#39;"), ("\"", "&#34;") })
            text = TextMethods.Replace(text, new TextValue(plain), new TextValue(escaped), int.MaxValue, meter);
        return text.AsMarkup();
    }

    private static TextValue Join(TextValue first, TextValue second, ExecutionMeter meter)
    {
        if (first.Length == 0) return second;
        if (second.Length == 0) return first;
        return first.FollowedBy(second, meter);
    }

    private static ListValue Join(ExecutionMeter meter, ListValue first, ListValue second)
    {
        meter.Charge(first.Items.Count + second.Items.Count);
        meter.Allocate((first.Items.Count + second.Items.Count) * (long)ListValue.ItemBytes);
        return new ListValue([.. first.Items, .. second.Items], first.IsTuple);
    }

    private static TextValue Repeat(TextValue text, long times, ExecutionMeter meter)
    {
        var builder = new TextBuilder(meter);
        for (; times > 0 && text.Length > 0; times--) builder.Append(text);
        return builder.ToText().AsMarkup(text.IsMarkup);
    }

    private static ListValue Repeat(ListValue list, long times, ExecutionMeter meter)
    {
        var items = new List<Value>();
        for (; times > 0 && list.Items.Count > 0; times--)
        {
            meter.Charge(list.Items.Count);
            meter.Allocate(list.Items.Count * (long)ListValue.ItemBytes);
            items.AddRange(list.Items);
        }

        return new ListValue(items, list.IsTuple);
    }
}
