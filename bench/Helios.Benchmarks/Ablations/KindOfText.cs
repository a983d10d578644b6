using System.Text.Json;
using Helios.Benchmarks.Serving;
using Helios.Cli.Errors;
using Helios.Cli.Files;
using Helios.Sdk.Tokenization;

namespace Helios.Benchmarks.Ablations;

/// <summary>Texts of one kind, from which prompts are cut.</summary>
/// <param name="Name">What they are, as the file calls it.</param>
/// <param name="Texts">The texts.</param>
internal sealed record KindOfText(string Name, IReadOnlyList<string> Texts)
{
    /// <summary>The kinds in the order in which they take turns.</summary>
    private static readonly string[] Turns = ["stories", "math", "drama", "novel"];

    /// <summary>Reads a list of objects with <c>domain</c> and <c>text</c>.</summary>
    /// <exception cref="FileException">The file is unusable, or lacks a kind.</exception>
    public static IReadOnlyList<KindOfText> Read(string path)
    {
        try
        {
            var texts = JsonSerializer.Deserialize<List<TextOfDomain>>(File.ReadAllText(path), JsonSerializerOptions.Web) ?? [];
            var byKind = texts.ToLookup(text => text.Domain, text => text.Text, StringComparer.Ordinal);
            return Array.Find(Turns, kind => !byKind.Contains(kind)) is { } lacking
                ? throw new FileException($"{path}: no text's domain is '{lacking}'; expected texts of {string.Join(", ", Turns)}.")
                : [.. Turns.Select(kind => new KindOfText(kind, [.. byKind[kind]]))];
        }
        catch (JsonException error)
        {
            throw new FileException($"{path}: expected a list of objects with domain and text ({error.Message}).");
        }
    }

    /// <summary>Prompts of so many tokens, cut from the texts one behind the other.</summary>
    public IEnumerable<PromptLine> Prompts(int count, int tokens, int maxTokens, ITokenizer tokenizer)
    {
        var ring = new TextRing(Texts, tokenizer);
        for (var i = 0; i < count; i++) yield return new PromptLine(ring.Cut(tokens), maxTokens, Tenant: null);
    }

    private sealed record TextOfDomain
    {
        public required string Domain { get; init; }

        public required string Text { get; init; }
    }
}
