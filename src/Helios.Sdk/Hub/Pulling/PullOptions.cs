namespace Helios.Sdk.Models;

/// <summary>How <see cref="HeliosModels.PullAsync"/> pulls a model. What is null comes from the environment variables of Hugging Face's programs. Immutable.</summary>
public sealed record PullOptions
{
    /// <summary>Address of the Hub; null for <c>HF_ENDPOINT</c>, else <c>https://huggingface.co</c>.</summary>
    public Uri? Endpoint { get; init; }

    /// <summary>
    /// Access token for private and gated models; null for <c>HF_TOKEN</c>, else for the one that <c>hf auth login</c> saved. It is sent to
    /// <see cref="Endpoint"/> alone, never to another host that this redirects to.
    /// </summary>
    public string? Token { get; init; }

    /// <summary>Cache in the layout of Hugging Face; null for <c>HF_HUB_CACHE</c>, else <c>hub</c> in <c>HF_HOME</c>, else <c>~/.cache/huggingface/hub</c>.</summary>
    public string? CacheFolder { get; init; }

    /// <summary>A folder to write plain files to, in place of the cache; null for the cache.</summary>
    public string? To { get; init; }

    /// <summary>
    /// A GGUF file of the repository: its name, or a part of it that no other has, such as <c>Q4_K_M</c>. Null takes safetensors, or the only GGUF file.
    /// </summary>
    public string? File { get; init; }
}

/// <summary>A model that was pulled.</summary>
/// <param name="Path">Its folder, or its GGUF file: a path for <c>AddModel</c>.</param>
/// <param name="Commit">The commit that it is of, 40 hexadecimal digits.</param>
/// <param name="Files">How many files it has.</param>
/// <param name="Bytes">Bytes of all its files, those included that were there before.</param>
public sealed record PulledModel(string Path, string Commit, int Files, long Bytes);

/// <summary>How far a pull has come.</summary>
/// <param name="File">The file that is pulled.</param>
/// <param name="Bytes">Bytes of all files that are there so far.</param>
/// <param name="TotalBytes">Bytes of all files of the model; the weights count once their index is known.</param>
public readonly record struct PullProgress(string File, long Bytes, long TotalBytes);
