using System.Runtime.InteropServices;
using Helios.Sdk.Models;

namespace Helios.Sdk.Checkpoints.Gguf;

/// <summary>
/// A GGUF file as the folder of a Hugging Face checkpoint that it was made from: its metadata are put into the JSON files that such a folder has,
/// so that one set of readers reads both. <c>helios.json</c> lies beside it, as <c>FILE.gguf.helios.json</c>.
/// </summary>
internal sealed class GgufFiles : ModelFiles
{
    private const string SidecarName = "helios.json";

    private readonly GgufMetadata metadata;
    private readonly GgufConfig config;
    private readonly string[] parts;

    private GgufFiles(GgufMetadata metadata, GgufConfig config, string[] parts)
    {
        this.metadata = metadata;
        this.config = config;
        this.parts = parts;
    }

    public override string Path => metadata.Path;

    /// <summary>The file's own name, without its extension and the number of a part.</summary>
    public override string Name => GgufSplit.NameOf(Path);

    /// <summary>Reads the metadata of a file.</summary>
    /// <param name="path">Absolute path of the file; of a split one, of the first part.</param>
    /// <exception cref="CheckpointException">It is malformed, or its architecture is not supported.</exception>
    public static GgufFiles Open(string path)
    {
        using var first = GgufFile.Open(path, default);
        var parts = GgufSplit.PartsOf(first.Metadata);
        var tensors = first.Entries.Keys.ToHashSet(StringComparer.Ordinal);
        var factors = new GgufRotaryFactors(Factors(first, "rope_freqs"), Factors(first, "rope_factors_short"), Factors(first, "rope_factors_long"));
        foreach (var part in parts.Skip(1))
        {
            using var file = GgufFile.Open(part, default);
            tensors.UnionWith(file.Entries.Keys);
            factors = new GgufRotaryFactors(
                factors.Always ?? Factors(file, "rope_freqs"), factors.Short ?? Factors(file, "rope_factors_short"), factors.Long ?? Factors(file, "rope_factors_long"));
        }

        return new GgufFiles(first.Metadata, new GgufConfig(first.Metadata, tensors, factors), parts);
    }

    public override bool Has(string file) => file switch
    {
        SidecarName => File.Exists(PathOf(file)),
        "config.json" or "generation_config.json" or "tokenizer.json" or "tokenizer_config.json" => true,
        _ => false,
    };

    public override string PathOf(string file) => file == SidecarName ? $"{Path}.{SidecarName}" : Path;

    public override byte[] Read(string file, int longest = CheckpointFile.LongestJson) => file switch
    {
        SidecarName => CheckpointFile.ReadAll(PathOf(file), longest),
        "config.json" => config.ToJson(),
        "generation_config.json" => GgufGenerationConfig.ToJson(metadata),
        "tokenizer.json" => GgufTokenizer.ToJson(metadata),
        _ => GgufTokenizerConfig.ToJson(metadata),
    };

    /// <summary>The architecture as this file holds its weights.</summary>
    /// <param name="read">As the config says it.</param>
    public ModelArchitecture Settle(ModelArchitecture read) => !config.AddsOneToNorms ? read : read with
    {
        Head = read.Head with { Norm = read.Head.Norm is { } last ? Plain(last) : null },
        Stack = read.Stack.Select(layer => layer with
        {
            Norm = Plain(layer.Norm),
            Attention = layer.Attention with { QueryKeyNorm = layer.Attention.QueryKeyNorm is { } norm ? Plain(norm) : null },
        }),
    };

    private static NormLayout Plain(NormLayout norm) => norm.Kind == NormKind.RmsOffset ? norm with { Kind = NormKind.Rms } : norm;

    /// <summary>Opens the weights; the caller disposes them.</summary>
    /// <exception cref="CheckpointException">They are malformed.</exception>
    public TensorSet OpenTensors() => GgufSet.Open(parts, config.Architecture, config.RowOrder);

    /// <summary>What each rotary frequency is divided by, as a tensor that some files have; null without it.</summary>
    private static float[]? Factors(GgufFile file, string name)
    {
        const int Most = 1 << 16;
        name += ".weight";
        if (!file.Entries.TryGetValue(name, out var entry)) return null;
        if (entry.Type.Computable != TensorType.F32 || entry.Shape is not [<= Most]) throw CheckpointError.Tensor(file.Path, name, Invariant($"is {entry.Type.Name} {CheckpointError.Show(entry.Shape)}, expected F32 with at most {Most} elements"));
        var factors = new float[entry.Shape[0]];
        file.Read(name, file.DataStart + entry.Begin, MemoryMarshal.AsBytes(factors.AsSpan()));
        return Array.TrueForAll(factors, float.IsFinite) ? factors : throw CheckpointError.Tensor(file.Path, name, "holds NaN or infinity, expected finite numbers");
    }
}
