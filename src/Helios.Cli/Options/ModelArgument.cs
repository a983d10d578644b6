using System.CommandLine;

namespace Helios.Cli.Options;

/// <summary>A model: a folder, or a GGUF file.</summary>
internal static class ModelArgument
{
    public static Argument<string> Create() => new("MODEL") { Description = "Folder of a model in Hugging Face layout, or a GGUF file." };

    /// <summary>Whether a path is that of a GGUF file that is there.</summary>
    public static bool IsGguf(string path) => path.EndsWith(".gguf", StringComparison.OrdinalIgnoreCase) && File.Exists(path);
}
