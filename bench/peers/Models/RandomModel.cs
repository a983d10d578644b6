namespace Helios.Peers.Models;

/// <summary>Random weights of one shape: files written on their first use and kept for the next run.</summary>
internal sealed class RandomModel(string folder, LlamaShape shape) : IModelStore
{
    private readonly string home = Path.Combine(folder, "models", $"{shape.ToString().Replace(':', '-').Replace(',', '-')}-seed={RandomWeights.Seed}");

    public string Name => shape.ToString();

    public int Vocabulary => shape.Vocabulary;

    /// <summary>The model in Hugging Face layout, bf16.</summary>
    public string Ours() => Once("huggingface", path => HuggingFaceFolder.Write(shape, path));

    /// <summary>The same weights as GGUF.</summary>
    public string Theirs(GgufFormat? format) => Once($"{format.ToString()!.ToLowerInvariant()}.gguf", path => GgufFile.Write(shape, format!.Value, path));

    // Written under another name first: an interrupted run leaves nothing that looks whole.
    private string Once(string name, Action<string> write)
    {
        var path = Path.Combine(home, name);
        if (Path.Exists(path)) return path;
        Directory.CreateDirectory(home);
        var unfinished = $"{path}.unfinished";
        if (Directory.Exists(unfinished)) Directory.Delete(unfinished, recursive: true);
        write(unfinished);
        if (Directory.Exists(unfinished)) Directory.Move(unfinished, path);
        else File.Move(unfinished, path);
        return path;
    }
}
