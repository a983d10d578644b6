using System.Collections.Immutable;

namespace Helios.Sdk.Tokenization.ChatTemplates.Values;

/// <summary>What a function, filter or test was called with.</summary>
internal sealed record CallArguments(string Callee, ImmutableArray<Value> Positional, IReadOnlyList<(string Name, Value Value)> Named, ExecutionMeter Meter)
{
    /// <summary>Arguments in the order of their names; null where none was given.</summary>
    public Value?[] Bind(params ReadOnlySpan<string> names)
    {
        if (Positional.Length > names.Length) throw Fail($"found {Positional.Length} arguments, expected at most {names.Length}");
        var bound = new Value?[names.Length];
        Positional.CopyTo(bound!, 0);
        foreach (var (name, value) in Named)
        {
            var place = names.IndexOf(name);
            if (place < 0) throw Fail($"there is no argument '{name}'");
            if (bound[place] is not null) throw Fail($"the argument '{name}' is given twice");
            bound[place] = value;
        }

        return bound;
    }

    /// <summary>The one argument there must be.</summary>
    public Value Single(string name) => Bind(name)[0] ?? throw Fail($"the argument '{name}' is missing");

    public void None() => Bind();

    /// <summary>What comes of a call that takes no arguments.</summary>
    public T None<T>(Func<T> compute)
    {
        None();
        return compute();
    }

    public ChatTemplateException Fail(string problem) => Meter.Fail($"{Callee}: {problem}");

    public TextValue Text(Value? value, string name) =>
        value as TextValue ?? throw Fail($"the argument '{name}' is {value?.TypeName ?? "missing"}, expected a string");

    /// <summary>A text of the template's own: messages may repeat it.</summary>
    public string OwnText(Value? value, string name) =>
        Text(value, name) is { Verbatim.IsEmpty: true } text ? text.Text : throw Fail($"the argument '{name}' is not of the template's own words");

    public TextValue? TextOrNull(Value? value, string name) => value is null or NoneValue ? null : Text(value, name);

    public int Int(Value? value, string name, int whenMissing) => value switch
    {
        null => whenMissing,
        IntValue number => (int)Math.Clamp(number.Number, int.MinValue, int.MaxValue),
        BoolValue truth => truth.IsTrue ? 1 : 0,
        _ => throw Fail($"the argument '{name}' is {value.TypeName}, expected an integer"),
    };
}
