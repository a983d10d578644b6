using Helios.Sdk.Checkpoints;

namespace Helios.Peers.Models;

/// <summary>A GGUF file, which both engines read as it is.</summary>
internal sealed class ModelFile : IModelStore
{
    private readonly string path;

    /// <exception cref="CheckpointException">It is no model that we can run.</exception>
    public ModelFile(string path)
    {
        this.path = Path.GetFullPath(path);
        using var checkpoint = Checkpoint.Open(this.path);
        Vocabulary = checkpoint.Info.Architecture.VocabularySize;
    }

    public string Name => Path.GetFileName(path);

    public int Vocabulary { get; }

    public string Ours() => path;

    public string Theirs(GgufFormat? format) => path;
}
