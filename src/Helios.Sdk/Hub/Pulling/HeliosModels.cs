using Helios.Sdk.Hub;
using Helios.Sdk.Hub.Pulling;

namespace Helios.Sdk.Models;

/// <summary>Models of the Hugging Face Hub. Thread-safe.</summary>
public static class HeliosModels
{
    /// <summary>
    /// Pulls the files that a model needs: configuration, tokenizer, chat templates, <c>helios.json</c>, and safetensors or one GGUF file. Every
    /// file is checked against its length and hash. What is there already is not pulled again, and a file that was cut off goes on where it ended.
    /// </summary>
    /// <param name="id">The model, as <c>org/name</c> or <c>org/name@revision</c>; a revision is a branch, a tag or a commit, <c>main</c> by default.</param>
    /// <param name="options">Where from and where to; null for the environment variables of Hugging Face's programs.</param>
    /// <param name="progress">Takes reports about every 8 MiB, on the threads of the pull; null for none.</param>
    /// <param name="cancellationToken">Ends the pull; what has come stays, to go on from.</param>
    /// <returns>Where the model is. <c>AddModel</c> takes the id too, once the model is in the cache.</returns>
    /// <exception cref="ArgumentException">The id is none.</exception>
    /// <exception cref="ModelPullException">The Hub refuses or cannot be reached, or what it sends is not what it lists.</exception>
    /// <exception cref="CheckpointException">The repository's index of shards is malformed.</exception>
    /// <exception cref="IOException">The file system failed.</exception>
    public static Task<PulledModel> PullAsync(string id, PullOptions? options = null, IProgress<PullProgress>? progress = null, CancellationToken cancellationToken = default)
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(id);
        var model = HubId.TryParse(id) ?? throw new ArgumentException($"'{id}' is no id of the Hugging Face Hub, expected org/name or org/name@revision.", nameof(id));
        return new HubPull(model, options ?? new PullOptions(), HubEnvironment.Process, progress, TimeProvider.System).RunAsync(cancellationToken);
    }

    /// <summary>Finds a model on this machine. Asks no server.</summary>
    /// <param name="model">A path, or an id as <see cref="PullAsync"/> takes it.</param>
    /// <returns>The path itself where something is there; the folder or GGUF file in the cache of Hugging Face; null where there is neither.</returns>
    public static string? Find(string model)
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(model);
        return HubCache.Default.Find(model);
    }
}
