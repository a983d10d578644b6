using System.Collections.Immutable;
using Helios.Sdk.Models;

namespace Helios.Sdk.Checkpoints.Opening;

/// <summary>The JSON files of a checkpoint, each read once.</summary>
internal sealed class CheckpointFolder
{
    private const string ConfigName = "config.json";

    private readonly ModelFiles files;
    private readonly byte[]? generation;

    public CheckpointFolder(ModelFiles files)
    {
        this.files = files;
        if (!files.Has(ConfigName)) throw OtherFormats.Refuse(Path.GetDirectoryName(ConfigPath)!) ?? CheckpointError.File(ConfigPath, "is missing, expected the config of a Hugging Face checkpoint");
        Config = files.Read(ConfigName);
        generation = files.Has(GenerationConfigReader.FileName) ? files.Read(GenerationConfigReader.FileName) : null;
        Sidecar = files.Has(SidecarReader.FileName) ? files.Read(SidecarReader.FileName) : null;
    }

    public string ConfigPath => files.PathOf(ConfigName);

    public string SidecarPath => files.PathOf(SidecarReader.FileName);

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
        var said = generation is null ? null : ParseGeneration(generation, root => ReadIfSaid(root, vocabulary));
        return said ?? JsonFile.Parse(ConfigPath, Config, root => ConfigReader.ReadEndOfSequence(root, vocabulary));
    }

    /// <summary>How the model asks to be sampled.</summary>
    public SamplingDefaults ReadSampling() => generation is null ? SamplingDefaults.None : ParseGeneration(generation, GenerationConfigReader.Read);

    private T ParseGeneration<T>(byte[] json, Func<JsonField, T> read) => JsonFile.Parse(files.PathOf(GenerationConfigReader.FileName), json, read);

    private static ImmutableArray<int>? ReadIfSaid(JsonField root, int vocabulary) =>
        root.HasKey("eos_token_id") ? ConfigReader.ReadEndOfSequence(root, vocabulary) : null;
}
