namespace Helios.Sdk.Tokenization.ChatTemplates.Values;

/// <summary>
/// A value of a running template. The family is closed and nothing of it is found by reflection: what a template can reach is what
/// stands here.
/// </summary>
internal abstract class Value
{
    /// <summary>What messages call its type.</summary>
    public abstract string TypeName { get; }

    /// <summary>Whether it counts as true.</summary>
    public abstract bool IsTrue { get; }

    /// <summary>How many values lie in each other; bounds every walk over it.</summary>
    public virtual int Depth => 0;

    /// <summary>Whether it is a number whose digits are the caller's words, or what came of such a number.</summary>
    public static bool IsCallersNumber(Value value) => value is IntValue { IsCallers: true } or FloatValue { IsCallers: true };
}

/// <summary>What a name stands for that is not set: empty text, false, no items; everything else done to it fails.</summary>
internal sealed class UndefinedValue(string name) : Value
{
    public string Name => name;

    public override string TypeName => "undefined";

    public override bool IsTrue => false;
}

/// <summary><c>none</c>.</summary>
internal sealed class NoneValue : Value
{
    public static NoneValue Instance { get; } = new();

    public override string TypeName => "none";

    public override bool IsTrue => false;
}

/// <summary><c>true</c> or <c>false</c>.</summary>
internal sealed class BoolValue(bool value) : Value
{
    public static BoolValue True { get; } = new(true);

    public static BoolValue False { get; } = new(false);

    public override string TypeName => "a boolean";

    public override bool IsTrue => value;

    public static BoolValue Of(bool value) => value ? True : False;
}

/// <summary>A whole number.</summary>
internal sealed class IntValue(long number, bool isCallers = false) : Value
{
    public long Number => number;

    /// <summary>Whether its digits are the caller's words.</summary>
    public bool IsCallers => isCallers;

    public override string TypeName => "an integer";

    public override bool IsTrue => number != 0;
}

/// <summary>A number with a fraction.</summary>
internal sealed class FloatValue(double number, bool isCallers = false) : Value
{
    public double Number => number;

    /// <summary>Whether its digits are the caller's words.</summary>
    public bool IsCallers => isCallers;

    public override string TypeName => "a float";

    public override bool IsTrue => number != 0;
}

/// <summary>A list, or a tuple, which differs in how it is written alone.</summary>
internal sealed class ListValue(IReadOnlyList<Value> items, bool isTuple = false) : Value
{
    /// <summary>Bytes of an item while a list grows and once it is copied, without the item's own.</summary>
    public const int ItemBytes = 32;

    public IReadOnlyList<Value> Items => items;

    public bool IsTuple => isTuple;

    public override string TypeName => isTuple ? "a tuple" : "a list";

    public override bool IsTrue => items.Count > 0;

    public override int Depth { get; } = 1 + DeepestOf(items);

    private static int DeepestOf(IReadOnlyList<Value> items)
    {
        var deepest = 0;
        for (var i = 0; i < items.Count; i++) deepest = Math.Max(deepest, items[i].Depth);
        return deepest;
    }
}

/// <summary>A map in order of insertion. Keys are texts, numbers, booleans or none.</summary>
internal sealed class MapValue : Value
{
    /// <summary>Bytes of an empty map, and of an entry while it grows, without what the entry holds.</summary>
    public const int EntryBytes = 256;

    private readonly OrderedDictionary<object, (Value Key, Value Value)> entries = new(KeyComparer.Instance);
    private int depth = 1;

    public override string TypeName => "a dict";

    public override bool IsTrue => entries.Count > 0;

    public override int Depth => depth;

    public IEnumerable<(Value Key, Value Value)> Entries => entries.Values;

    public int Count => entries.Count;

    public static MapValue Of(params IEnumerable<(string Key, Value Value)> items)
    {
        var map = new MapValue();
        foreach (var (key, value) in items) map.TrySet(new TextValue(key), value);
        return map;
    }

    /// <summary>False for a key that no map takes.</summary>
    public bool TrySet(Value key, Value value)
    {
        if (KeyOf(key) is not { } id) return false;
        depth = Math.Max(depth, 1 + value.Depth);
        entries[id] = (entries.TryGetValue(id, out var old) ? old.Key : key, value);
        return true;
    }

    /// <summary>Charged for the length of a key that is a text.</summary>
    public Value? Find(Value key, ExecutionMeter meter)
    {
        if (key is TextValue text) meter.ChargeText(text.Length);
        return KeyOf(key) is { } id && entries.TryGetValue(id, out var found) ? found.Value : null;
    }

    public Value? Find(string key) => entries.TryGetValue(key, out var found) ? found.Value : null;

    /// <summary>What a value is found by, equal for equal values, compared by <see cref="KeyComparer"/>; null for one that no map takes. As Python has it: 1, 1.0 and true are one key.</summary>
    public static object? KeyOf(Value key) => key switch
    {
        TextValue text => text.Text,
        IntValue number => (double)number.Number == number.Number ? (double)number.Number : number.Number,
        FloatValue number => number.Number,
        BoolValue truth => truth.IsTrue ? 1.0 : 0.0,
        NoneValue => NoneValue.Instance,
        _ => null,
    };
}

/// <summary>The one value that a template can change: <c>namespace(a=b)</c>.</summary>
internal sealed class NamespaceValue : Value
{
    public Dictionary<string, Value> Members { get; } = new(StringComparer.Ordinal);

    public override string TypeName => "a namespace";

    public override bool IsTrue => true;
}

/// <summary>The variable <c>loop</c>.</summary>
internal sealed class LoopValue(IReadOnlyList<Value> items) : Value
{
    /// <summary>The turn, from 0.</summary>
    public int Index { get; set; }

    public override string TypeName => "a loop";

    public override bool IsTrue => true;

    public Value? Find(string name) => name switch
    {
        "index" => new IntValue(Index + 1),
        "index0" => new IntValue(Index),
        "revindex" => new IntValue(items.Count - Index),
        "revindex0" => new IntValue(items.Count - Index - 1),
        "first" => BoolValue.Of(Index == 0),
        "last" => BoolValue.Of(Index == items.Count - 1),
        "length" => new IntValue(items.Count),
        "depth" => new IntValue(1),
        "depth0" => new IntValue(0),
        "previtem" => Index > 0 ? items[Index - 1] : null,
        "nextitem" => Index + 1 < items.Count ? items[Index + 1] : null,
        "cycle" => new FunctionValue("loop.cycle", arguments => arguments.Positional.Length == 0
            ? throw arguments.Fail("expected something to cycle through")
            : arguments.Positional[Index % arguments.Positional.Length]),
        _ => null,
    };
}

/// <summary>Something that can be called: a macro, a global, a method with what it is called on.</summary>
internal sealed class FunctionValue(string name, Func<CallArguments, Value> invoke) : Value
{
    public string Name => name;

    public Func<CallArguments, Value> Invoke => invoke;

    public override string TypeName => "a function";

    public override bool IsTrue => true;
}
