using Helios.Sdk.Hub;

namespace Helios.Sdk.Checkpoints;

/// <summary>
/// The files that describe a model, as the folder of a Hugging Face checkpoint has them: <c>config.json</c>, <c>tokenizer.json</c>, and so on.
/// A file that holds all of them in another form answers for each. Immutable.
/// </summary>
internal abstract class ModelFiles
{
    /// <summary>Absolute path of the folder, or of the one file.</summary>
    public abstract string Path { get; }

    /// <summary>The name that the model goes by.</summary>
    public abstract string Name { get; }

    /// <summary>Whether a file is there.</summary>
    /// <param name="file">Its name in a folder.</param>
    public abstract bool Has(string file);

    /// <summary>How messages name a file, be it there or not.</summary>
    /// <param name="file">Its name in a folder.</param>
    public abstract string PathOf(string file);

    /// <summary>Reads a file that is there.</summary>
    /// <param name="file">Its name in a folder.</param>
    /// <param name="longest">Most bytes that it may have.</param>
    /// <exception cref="CheckpointException">It cannot be read.</exception>
    public abstract byte[] Read(string file, int longest = CheckpointFile.LongestJson);
}

/// <summary>A folder in Hugging Face layout.</summary>
/// <param name="folder">A folder that exists.</param>
internal sealed class FolderFiles(string folder) : ModelFiles
{
    public override string Path => folder;

    /// <summary>The folder's own name; at the root of a drive, its path.</summary>
    public override string Name => HubCache.NameOf(folder) is { Length: > 0 } name ? name : folder;

    public override bool Has(string file) => File.Exists(PathOf(file));

    public override string PathOf(string file) => System.IO.Path.Combine(folder, file);

    public override byte[] Read(string file, int longest = CheckpointFile.LongestJson) => CheckpointFile.ReadAll(PathOf(file), longest);
}
