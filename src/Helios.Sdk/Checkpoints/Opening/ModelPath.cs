using Helios.Sdk.Checkpoints.Gguf;
using Helios.Sdk.Hub;
using Helios.Sdk.Models;

namespace Helios.Sdk.Checkpoints.Opening;

/// <summary>What a model's path leads to: a folder in Hugging Face layout, or a GGUF file.</summary>
internal static class ModelPath
{
    /// <summary>Whether a path is that of a GGUF file that is there.</summary>
    public static bool IsGguf(string path) => path.EndsWith(GgufFile.Extension, StringComparison.OrdinalIgnoreCase) && File.Exists(path);

    /// <summary>The files of a model that must be there.</summary>
    /// <param name="path">Its folder, its GGUF file, or its id in the cache of the Hugging Face Hub.</param>
    /// <exception cref="CheckpointException">There is none; the message says what is there, and what was meant perhaps.</exception>
    public static ModelFiles Require(string path)
    {
        path = HubCache.Default.Find(path) ?? path;
        return IsGguf(path) ? Of(path) : new FolderFiles(CheckpointPath.Require(path));
    }

    /// <summary>The files of a model. A folder that is not there has none.</summary>
    /// <param name="path">Its folder, or its GGUF file.</param>
    /// <exception cref="CheckpointException">The GGUF file is malformed.</exception>
    public static ModelFiles Of(string path) => IsGguf(path) ? GgufFiles.Open(Path.GetFullPath(path)) : new FolderFiles(path);

    /// <summary>The architecture as the files of a model hold its weights.</summary>
    /// <param name="model">The files.</param>
    /// <param name="read">As the config says it.</param>
    public static ModelArchitecture Settle(ModelFiles model, ModelArchitecture read) => model is GgufFiles gguf ? gguf.Settle(read) : read;

    /// <summary>Opens the weights of a model; the caller disposes them.</summary>
    /// <exception cref="CheckpointException">They are missing or malformed.</exception>
    public static TensorSet OpenTensors(ModelFiles model) => model is GgufFiles gguf ? gguf.OpenTensors() : SafetensorsSet.Open(model.Path);
}
