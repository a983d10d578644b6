using Helios.Sdk.Tokenization.ChatTemplates.Values;

namespace Helios.Sdk.Tokenization.ChatTemplates.Running;

/// <summary>Variables of a template, a loop's turn or a macro's call. What is set inside is gone outside.</summary>
internal sealed class Scope(Scope? outer)
{
    /// <summary>Bytes of one with a few variables in it.</summary>
    public const int Bytes = 448;

    private readonly Dictionary<string, Value> variables = new(StringComparer.Ordinal);

    public Value Get(string name)
    {
        for (var scope = this; scope is not null; scope = scope.Outer)
        {
            if (scope.variables.TryGetValue(name, out var value)) return value;
        }

        return new UndefinedValue(name);
    }

    public void Set(string name, Value value) => variables[name] = value;

    private Scope? Outer => outer;
}
