namespace Helios.Fuzz.Targets;

/// <summary>Every parser that takes bytes from outside the program. One that is added to the project is added here, with a corpus.</summary>
internal static class AllTargets
{
    private static readonly IReadOnlyDictionary<string, Func<Scratch, FuzzTarget>> Known = new[]
    {
        CheckpointTargets.All,
        TokenizerTargets.All,
        TemplateTargets.All,
        DocumentTargets.All,
        RequestTargets.All,
    }.SelectMany(targets => targets).ToDictionary(StringComparer.Ordinal);

    public static IReadOnlyList<string> Names { get; } = [.. Known.Keys.Order(StringComparer.Ordinal)];

    /// <summary>Makes a target ready; dispose it to remove its files.</summary>
    public static OpenTarget Open(string name)
    {
        var scratch = new Scratch();
        return new OpenTarget(Known[name](scratch), scratch);
    }
}

/// <summary>A target with its folder.</summary>
internal sealed record OpenTarget(FuzzTarget Target, Scratch Scratch) : IDisposable
{
    public void Dispose() => Scratch.Dispose();
}
