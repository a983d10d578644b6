using System.Collections.Immutable;

namespace Helios.Sdk.Checkpoints.Opening;

/// <summary>The JSON files of a checkpoint's folder, each read once.</summary>
internal sealed class CheckpointFolder
{
    public CheckpointFolder(string folder)
    {
        Path = CheckpointPath.Require(folder);
        ConfigPath = InFolder("config.json");
        if (!File.Exists(ConfigPath)) throw CheckpointError.File(ConfigPath, "is missing, expected the config of a Hugging Face checkpoint");
        SidecarPath = InFolder(SidecarReader.FileName);
        Config = CheckpointFile.ReadAll(ConfigPath);
        Sidecar = File.Exists(SidecarPath) ? CheckpointFile.ReadAll(SidecarPath) : null;
    }

    /// <summary>Absolute path of the folder.</summary>
    public string Path { get; }

    /// <summary>The folder's own name; at the root of a drive, its path.</summary>
    public string Name => System.IO.Path.GetFileName(Path) is { Length: > 0 } name ? name : Path;

    public string ConfigPath { get; }

    public string SidecarPath { get; }

    /// <summary>Bytes of <c>config.json</c>.</summary>
    public byte[] Config { get; }

    /// <summary>Bytes of <c>helios.json</c>; null without one.</summary>
    public byte[]? Sidecar { get; }

    public ReadConfig ReadConfig() => JsonFile.Parse(ConfigPath, Config, ConfigReader.Read);

    public Sidecar ReadSidecar(int layers) =>
        Sidecar is null ? Checkpoints.Sidecar.Empty : JsonFile.Parse(SidecarPath, Sidecar, root => SidecarReader.Read(root, layers));

    /// <summary>
    /// Ids that end a sequence. What <c>generation_config.json</c> says counts, be it null, as transformers has it; where it
    /// is silent, <c>config.json</c> speaks.
    /// </summary>
    public ImmutableArray<int> ReadEndOfSequence(int vocabulary)
    {
        var path = InFolder("generation_config.json");
        var fromGeneration = File.Exists(path)
            ? JsonFile.Parse(path, CheckpointFile.ReadAll(path), root => ReadIfSaid(root, vocabulary))
            : null;
        return fromGeneration ?? JsonFile.Parse(ConfigPath, Config, root => ConfigReader.ReadEndOfSequence(root, vocabulary));
    }

    private static ImmutableArray<int>? ReadIfSaid(JsonField root, int vocabulary) =>
        root.HasKey("eos_token_id") ? ConfigReader.ReadEndOfSequence(root, vocabulary) : null;

    private string InFolder(string file) => System.IO.Path.Combine(Path, file);
}
