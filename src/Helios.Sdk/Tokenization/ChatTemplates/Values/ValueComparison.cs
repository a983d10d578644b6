namespace Helios.Sdk.Tokenization.ChatTemplates.Values;

/// <summary>Which values are equal, and which come first.</summary>
internal static class ValueComparison
{
    public static bool AreEqual(Value left, Value right, ExecutionMeter meter)
    {
        meter.Charge();
        if (TryNumber(left, out var x) && TryNumber(right, out var y)) return left is IntValue a && right is IntValue b ? a.Number == b.Number : x == y;
        switch (left, right)
        {
            case (TextValue a, TextValue b):
                if (a.Length != b.Length) return false;
                meter.ChargeText(a.Length);
                return a.Text == b.Text;
            case (NoneValue, NoneValue) or (UndefinedValue, UndefinedValue):
                return true;
            case (ListValue a, ListValue b):
                if (a.IsTuple != b.IsTuple || a.Items.Count != b.Items.Count) return false;
                for (var i = 0; i < a.Items.Count; i++)
                {
                    if (!AreEqual(a.Items[i], b.Items[i], meter)) return false;
                }

                return true;
            case (MapValue a, MapValue b):
                if (a.Count != b.Count) return false;
                meter.Allocate(TemplateLimits.ValueBytes);
                foreach (var (key, value) in a.Entries)
                {
                    if (b.Find(key, meter) is not { } other || !AreEqual(value, other, meter)) return false;
                }

                return true;
            default:
                return ReferenceEquals(left, right);
        }
    }

    /// <summary>Below 0, 0 or above 0. Numbers compare with numbers, texts with texts.</summary>
    public static int Compare(Value left, Value right, ExecutionMeter meter)
    {
        meter.Charge();
        if (TryNumber(left, out var x) && TryNumber(right, out var y)) return left is IntValue a && right is IntValue b ? a.Number.CompareTo(b.Number) : x.CompareTo(y);
        if (left is not TextValue first || right is not TextValue second) throw meter.Fail($"{left.TypeName} and {right.TypeName} have no order");
        meter.ChargeText(Math.Min(first.Length, second.Length));
        return CompareCodePoints(first.Text, second.Text);
    }

    public static bool Contains(Value container, Value item, ExecutionMeter meter)
    {
        switch (container)
        {
            case TextValue text:
                if (item is not TextValue part) throw meter.Fail($"{item.TypeName} cannot be looked for in a string");
                return part.Length == 0 || (part.Length <= text.Length && new TextSearch(part.Text, meter).Next(text.Text, 0) >= 0);
            case ListValue list:
                for (var i = 0; i < list.Items.Count; i++)
                {
                    if (AreEqual(list.Items[i], item, meter)) return true;
                }

                return false;
            case MapValue map:
                return map.Find(item, meter) is not null;
            case UndefinedValue:
                return false;
            default:
                throw meter.Fail($"nothing can be looked for in {container.TypeName}");
        }
    }

    public static bool TryNumber(Value value, out double number)
    {
        (var isNumber, number) = value switch
        {
            IntValue whole => (true, whole.Number),
            FloatValue fraction => (true, fraction.Number),
            BoolValue truth => (true, truth.IsTrue ? 1 : 0),
            _ => (false, 0),
        };
        return isNumber;
    }

    /// <summary>UTF-16 order, but with surrogates behind everything else, as their code points are.</summary>
    private static int CompareCodePoints(string left, string right)
    {
        var common = left.AsSpan().CommonPrefixLength(right);
        if (common == left.Length || common == right.Length) return left.Length.CompareTo(right.Length);
        var (a, b) = (left[common], right[common]);
        return char.IsSurrogate(a) == char.IsSurrogate(b) ? a.CompareTo(b) : char.IsSurrogate(a) ? 1 : -1;
    }
}
