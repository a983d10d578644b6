using Helios.Sdk.Hub;

namespace Helios.Sdk.Checkpoints;

/// <summary>What was given for a model's folder, and what it is instead.</summary>
internal static class CheckpointPath
{
    private const string Folder = "the folder of a checkpoint in Hugging Face layout (config.json, safetensors, tokenizer.json), or a GGUF file";

    /// <summary>Absolute path of a folder that exists.</summary>
    /// <param name="given">The folder.</param>
    /// <exception cref="CheckpointException">There is none; the message says what is there, and what was meant perhaps.</exception>
    public static string Require(string given)
    {
        var path = Path.TrimEndingDirectorySeparator(Path.GetFullPath(given));
        if (Directory.Exists(path)) return path;
        if (!File.Exists(path)) throw CheckpointError.File(path, $"there is no such folder{AskForHub(given)}");
        GitLfsPointer.Refuse(path);
        throw CheckpointError.File(path, Path.GetExtension(path).ToLowerInvariant() switch
        {
            ".safetensors" => $"is a weight file: expected its folder, '{Path.GetDirectoryName(path)}', with config.json and tokenizer.json beside it",
            _ => $"is a file, expected {Folder}",
        });
    }

    /// <summary>An id of the Hugging Face Hub looks like a relative path; where its first part is no folder, it is no path that was misspelt.</summary>
    private static string AskForHub(string given) =>
        given.Contains('/', StringComparison.Ordinal) && HubId.TryParse(given) is not null && !Directory.Exists(given.Split('/')[0])
            ? $", and the cache has no such model. If '{given}' is a model of the Hugging Face Hub, pull it first: helios pull {given}, or HeliosModels.PullAsync"
            : "";
}
