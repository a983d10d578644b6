using Helios.Sdk.Naming;
using Helios.Sdk.Quantities;

namespace Helios.Sdk.Adaptation.Objectives;

/// <summary>The limits behind an objective's name, as in <c>goodput:ttft=500ms,tpot=50ms</c>.</summary>
/// <param name="Ttft">Longest time to the first token; null when it is not limited.</param>
/// <param name="Tpot">Longest time for each further token; null when it is not limited.</param>
/// <param name="Bytes">Most bytes with one sequence; null when they are not limited.</param>
internal readonly record struct ObjectiveLimits(TimeSpan? Ttft, TimeSpan? Tpot, long? Bytes)
{
    /// <summary>Reads <c>name=value</c> pairs between commas.</summary>
    /// <param name="objective">The objective that has them, for messages.</param>
    /// <param name="text">The pairs; may be empty.</param>
    /// <param name="known">Names that the objective takes.</param>
    /// <exception cref="InvalidOptionException">A pair is none, is there twice, has a name that the objective does not take, or a value that is none.</exception>
    public static ObjectiveLimits Parse(string objective, string text, IReadOnlyList<string> known)
    {
        var limits = default(ObjectiveLimits);
        var seen = new HashSet<string>(StringComparer.Ordinal);
        foreach (var pair in text.Length == 0 ? [] : text.Split(','))
        {
            var (written, value) = pair.IndexOf('=', StringComparison.Ordinal) is var at and >= 0 ? (pair[..at].Trim(), pair[(at + 1)..].Trim()) : (pair.Trim(), "");
            var name = known.FirstOrDefault(limit => Names.Same(limit, written))
                ?? throw ObjectiveParser.Wrong(objective, $"{(known.Count == 0 ? "no limits" : $"the limits {string.Join(", ", known)}")}, not '{written}'", NearMiss.Question(written, known));
            if (!seen.Add(name)) throw ObjectiveParser.Wrong(objective, $"{name} once");
            limits = limits.With(objective, name, value);
        }

        return limits;
    }

    /// <summary>Whether a limit is set.</summary>
    /// <param name="name">Its name.</param>
    public bool Has(string name) => name switch
    {
        "ttft" => Ttft is not null,
        "tpot" => Tpot is not null,
        "bytes" => Bytes is not null,
        _ => false,
    };

    private ObjectiveLimits With(string objective, string name, string value) => name switch
    {
        "ttft" => this with { Ttft = Time(objective, name, value) },
        "tpot" => this with { Tpot = Time(objective, name, value) },
        "bytes" => this with { Bytes = ByteSize.TryParse(value, out var bytes) ? bytes : throw Wrong(objective, name, ByteSize.Expected) },
        _ => throw new InvalidOperationException($"There is no limit {name}."),
    };

    private static TimeSpan Time(string objective, string name, string value) =>
        Duration.TryParse(value, out var time) ? time : throw Wrong(objective, name, Duration.Expected);

    private static InvalidOptionException Wrong(string objective, string name, string expected) =>
        ObjectiveParser.Wrong(objective, $"{expected}, behind {name}=");
}
