using System.CommandLine;
using Helios.Sdk.Models;

namespace Helios.Cli.Options;

/// <summary>A model: a folder, a GGUF file, or an id of the Hugging Face Hub.</summary>
internal static class ModelArgument
{
    public static Argument<string> Create() => new("MODEL")
    {
        Description = "Folder of a model in Hugging Face layout, a GGUF file, or the id of a model that was pulled.",
        CustomParser = static result => Resolve(result.Tokens[0].Value),
    };

    /// <summary>A path as it is; for an id of the Hub what is in the cache, or else the id, of which the error then speaks.</summary>
    public static string Resolve(string model) => string.IsNullOrWhiteSpace(model) ? model : HeliosModels.Find(model) ?? model;

    /// <summary>Whether a path is that of a GGUF file that is there.</summary>
    public static bool IsGguf(string path) => path.EndsWith(".gguf", StringComparison.OrdinalIgnoreCase) && File.Exists(path);
}
