using System.Collections.Immutable;
using System.Text.Json;

namespace Quickstart;

/// <summary>Openings of texts that the models were not trained on, by kind.</summary>
/// <param name="Kind">What they are: stories, math, drama, novel.</param>
/// <param name="Texts">The openings.</param>
internal sealed record Prompts(string Kind, ImmutableArray<string> Texts)
{
    /// <summary>Reads <c>prompts.json</c> beside the program.</summary>
    public static ImmutableArray<Prompts> Load()
    {
        using var file = File.OpenRead(Path.Combine(AppContext.BaseDirectory, "prompts.json"));
        var kinds = JsonSerializer.Deserialize<Dictionary<string, ImmutableArray<string>>>(file)
            ?? throw new InvalidDataException("prompts.json is empty.");
        return [.. kinds.Select(kind => new Prompts(kind.Key, kind.Value))];
    }
}
