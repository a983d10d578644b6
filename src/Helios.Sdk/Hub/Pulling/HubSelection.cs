using System.Text.RegularExpressions;
using Helios.Sdk.Checkpoints;
using Helios.Sdk.Models;

namespace Helios.Sdk.Hub.Pulling;

/// <summary>Which files of a repository a model needs: no others are pulled.</summary>
/// <param name="id">The model.</param>
/// <param name="listing">The files of its commit.</param>
internal sealed partial class HubSelection(HubId id, HubListing listing)
{
    private const string Single = "model.safetensors";
    private const string Sidecar = "helios.json";

    private static readonly string[] Descriptions =
    [
        "config.json", "generation_config.json", "tokenizer.json", "tokenizer_config.json", "tokenizer.model", "special_tokens_map.json", "added_tokens.json",
        "chat_template.jinja", "chat_template.json", Sidecar,
    ];

    /// <summary>The files of a GGUF model: all parts of the file, and the exits beside it.</summary>
    /// <param name="chosen">Its name or a part of it; null for the only one.</param>
    /// <exception cref="ModelPullException">There is none, or there are several.</exception>
    public IReadOnlyList<HubFile> Gguf(string? chosen)
    {
        var all = HubCache.FirstParts(Files(".gguf").Select(file => file.Name));
        var found = chosen is null ? all : Array.FindAll(all, name => name == chosen);
        if (found.Length == 0 && chosen is not null) found = Array.FindAll(all, name => name.Contains(chosen, StringComparison.OrdinalIgnoreCase));
        if (found is not [var only])
        {
            var asked = chosen is null ? "" : $" '{CheckpointError.Show(chosen)}'";
            throw new ModelPullException(all.Length == 0
                ? $"'{id.Name}' has no GGUF file{asked}{RefusedFiles()}."
                : $"'{id.Name}' has {(found.Length == 0 ? "no" : "several")} GGUF files{asked}; choose one of: {CheckpointError.Show(string.Join(", ", found.Length == 0 ? all : found), 2000)}.");
        }

        var stem = FirstPart().Replace(only, "");
        return [.. listing.Files.Where(file => file.Name == only || (stem != only && IsPartOf(stem, file.Name)) || file.Name == only + ".helios.json" || file.Name == only + ".exits.safetensors")
            .OrderBy(file => file.Name != only).ThenBy(file => file.Name, StringComparer.Ordinal)];
    }

    /// <summary>Whether the repository has weights in safetensors.</summary>
    public bool HasSafetensors => listing.Find(Single) is not null || listing.Find(ShardIndex.FileName) is not null;

    public bool HasGguf => Files(".gguf").Any();

    /// <summary>The files that describe a model in Hugging Face layout; they are pulled before its weights, which the index among them names.</summary>
    public IReadOnlyList<HubFile> Description()
    {
        if (!HasSafetensors) throw new ModelPullException($"'{id.Name}' has no weights in safetensors: no {Single} and no {ShardIndex.FileName}{RefusedFiles()}.");
        if (listing.Find("config.json") is null) throw new ModelPullException($"'{id.Name}' has no config.json.");
        return [.. listing.Files.Where(file => Array.IndexOf(Descriptions, file.Name) >= 0 || file.Name == ShardIndex.FileName || IsRoot(file.Name, ".tiktoken") || MoreTemplates().IsMatch(file.Name))];
    }

    /// <summary>The files of weights.</summary>
    /// <param name="shards">Those that the index names; null without an index.</param>
    public IReadOnlyList<HubFile> Weights(IReadOnlyCollection<string>? shards)
    {
        var weights = (shards ?? [Single]).Distinct(StringComparer.Ordinal).Order(StringComparer.Ordinal)
            .Select(name => listing.Find(name) ?? throw new ModelPullException($"'{id.Name}': {ShardIndex.FileName} names '{CheckpointError.Show(name)}', which the repository does not have.")).ToList();

        // Tensors of exits may lie in any other file. What is known by the other names of a whole model is not one of them.
        if (listing.Find(Sidecar) is not null)
            weights.AddRange(Files(".safetensors").Where(file => !weights.Contains(file) && file.Name != Single && !OtherModels().IsMatch(file.Name)));
        return weights;
    }

    private IEnumerable<HubFile> Files(string extension) => listing.Files.Where(file => IsRoot(file.Name, extension));

    private string RefusedFiles()
    {
        var pickle = listing.Files.FirstOrDefault(file => Pickles().IsMatch(file.Name));
        return pickle is null ? "" : $"; '{pickle.Name}' is a pickle, which is not pulled because reading it can run code: ask its authors for safetensors";
    }

    private static bool IsRoot(string name, string extension) => name.EndsWith(extension, StringComparison.OrdinalIgnoreCase) && !name.Contains('/', StringComparison.Ordinal);

    private static bool IsPartOf(string stem, string name) => name.StartsWith(stem, StringComparison.Ordinal) && AnyPart().Match(name) is { Success: true } part && part.Index == stem.Length;

    [GeneratedRegex(@"-00001-of-\d{5}\.gguf$", RegexOptions.IgnoreCase | RegexOptions.CultureInvariant | RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 1000)]
    private static partial Regex FirstPart();

    [GeneratedRegex(@"-\d{5}-of-\d{5}\.gguf$", RegexOptions.IgnoreCase | RegexOptions.CultureInvariant | RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 1000)]
    private static partial Regex AnyPart();

    [GeneratedRegex(@"^additional_chat_templates/[^/]+\.jinja$", RegexOptions.CultureInvariant, matchTimeoutMilliseconds: 1000)]
    private static partial Regex MoreTemplates();

    [GeneratedRegex(@"^(consolidated.*|model-\d+-of-\d+)\.safetensors$", RegexOptions.CultureInvariant | RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 1000)]
    private static partial Regex OtherModels();

    [GeneratedRegex(@"\.(bin|pt|pth|pkl|pickle|ckpt)$", RegexOptions.IgnoreCase | RegexOptions.CultureInvariant | RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 1000)]
    private static partial Regex Pickles();
}
