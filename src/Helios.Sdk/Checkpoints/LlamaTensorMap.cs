using System.Globalization;
using Helios.Sdk.Models;

namespace Helios.Sdk.Checkpoints;

/// <summary>
/// Finds every tensor that a Llama model needs under its Hugging Face name, and checks shape and type. Tensors are looked up
/// one by one and the first that is missing ends it, so a config that claims a billion layers costs nothing.
/// </summary>
internal sealed class LlamaTensorMap
{
    public const string EmbeddingName = "model.embed_tokens.weight";
    public const string HeadName = "lm_head.weight";
    private const string LayerPrefix = "model.layers.";

    private static readonly (TensorRole Role, string Suffix)[] LayerTensors =
    [
        (TensorRole.AttentionNorm, "input_layernorm.weight"),
        (TensorRole.Query, "self_attn.q_proj.weight"),
        (TensorRole.Key, "self_attn.k_proj.weight"),
        (TensorRole.Value, "self_attn.v_proj.weight"),
        (TensorRole.AttentionOutput, "self_attn.o_proj.weight"),
        (TensorRole.FeedForwardNorm, "post_attention_layernorm.weight"),
        (TensorRole.Gate, "mlp.gate_proj.weight"),
        (TensorRole.Up, "mlp.up_proj.weight"),
        (TensorRole.Down, "mlp.down_proj.weight"),
    ];

    private readonly SafetensorsSet set;
    private readonly ModelArchitecture architecture;
    private readonly string configPath;
    private readonly Dictionary<TensorKey, StoredTensor> tensors = [];

    private LlamaTensorMap(SafetensorsSet set, ModelArchitecture architecture, string configPath)
    {
        this.set = set;
        this.architecture = architecture;
        this.configPath = configPath;
    }

    public static IReadOnlyDictionary<TensorKey, StoredTensor> Build(
        SafetensorsSet set, ModelArchitecture architecture, string configPath, Sidecar sidecar, string sidecarPath)
    {
        var map = new LlamaTensorMap(set, architecture, configPath);
        map.RefuseWhatContradicts();
        map.AddFixedPart();
        for (var layer = 0; layer < architecture.Layers; layer++) map.AddLayer(layer);
        for (var i = 0; i < sidecar.Exits.Length; i++) map.AddExit(sidecar.Exits[i], sidecarPath, Invariant($"exits[{i}]"));
        return map.tensors;
    }

    private void AddFixedPart()
    {
        AddOwn(new TensorKey(TensorRole.Embedding), EmbeddingName);
        AddOwn(new TensorKey(TensorRole.FinalNorm), "model.norm.weight");
        if (architecture.TiedHead) tensors.Add(new TensorKey(TensorRole.Head), tensors[new TensorKey(TensorRole.Embedding)]);
        else AddOwn(new TensorKey(TensorRole.Head), HeadName);
    }

    private void AddLayer(int layer)
    {
        foreach (var (role, suffix) in LayerTensors)
            AddOwn(new TensorKey(role, layer), Invariant($"{LayerPrefix}{layer}.{suffix}"));
    }

    private void AddExit(SidecarExit exit, string sidecarPath, string field)
    {
        AddNamed(new TensorKey(TensorRole.ExitNorm, exit.Depth - 1), exit.Norm, sidecarPath, $"{field}.norm");
        AddNamed(new TensorKey(TensorRole.ExitHead, exit.Depth - 1), exit.Head, sidecarPath, $"{field}.head");
    }

    private void AddOwn(TensorKey key, string name)
    {
        if (set.Find(name) is { } place) tensors.Add(key, Check(key, place));
        else throw CheckpointError.Tensor(WhereMissing(), name, $"is missing, expected with shape {ShowShape(key.Role)}{Why(key)}");
    }

    private void AddNamed(TensorKey key, string? name, string sidecarPath, string field)
    {
        if (name is null) return;
        var place = set.FindAnywhere(name)
            ?? throw CheckpointError.File(sidecarPath, $"field '{field}' names tensor '{CheckpointError.Show(name)}', which is in no safetensors file of the folder");
        tensors.Add(key, Check(key, place));
    }

    private StoredTensor Check(TensorKey key, TensorPlace place)
    {
        var (file, entry) = (set.Files[place.File], place.Entry);
        var type = entry.Type.Computable
            ?? throw CheckpointError.Tensor(file.Path, entry.Name, $"has dtype {entry.Type.Name}, expected F32, F16 or BF16");
        var (rows, columns) = Shape(key.Role);
        var fits = rows is { } r ? entry.Shape is [var a, var b] && a == r && b == columns : entry.Shape is [var c] && c == columns;
        if (!fits)
            throw CheckpointError.Tensor(file.Path, entry.Name, $"has shape {CheckpointError.Show(entry.Shape)}, expected {ShowShape(key.Role)} by {configPath}");
        return new StoredTensor(entry.Name, place.File, file.DataStart + entry.Begin, type, rows ?? 1, columns);
    }

    /// <summary>
    /// Tensors that are not needed may lie about, but two kinds say that the config does not fit the weights:
    /// layers beyond the last one, and biases.
    /// </summary>
    private void RefuseWhatContradicts()
    {
        foreach (var name in set.Names)
        {
            if (!name.StartsWith(LayerPrefix, StringComparison.Ordinal)) continue;
            var path = set.Files[set.Find(name)!.Value.File].Path;
            if (name.EndsWith("_proj.bias", StringComparison.Ordinal))
                throw CheckpointError.Tensor(path, name, $"is a bias, expected none by {configPath}: biases are not supported");

            var digits = name.AsSpan(LayerPrefix.Length);
            digits = digits[..Math.Max(0, digits.IndexOf('.'))];
            if (int.TryParse(digits, NumberStyles.None, CultureInfo.InvariantCulture, out var layer) && layer >= architecture.Layers)
                throw CheckpointError.Tensor(path, name, Invariant($"is of layer {layer}, expected layers 0 to {architecture.Layers - 1} by num_hidden_layers of {configPath}"));
        }
    }

    /// <summary>What a role's tensor must measure; no rows for a vector.</summary>
    private (int? Rows, int Columns) Shape(TensorRole role)
    {
        var a = architecture;
        return role switch
        {
            TensorRole.Embedding or TensorRole.Head or TensorRole.ExitHead => (a.VocabularySize, a.HiddenSize),
            TensorRole.Query => (a.QuerySize, a.HiddenSize),
            TensorRole.Key or TensorRole.Value => (a.KvSize, a.HiddenSize),
            TensorRole.AttentionOutput => (a.HiddenSize, a.QuerySize),
            TensorRole.Gate or TensorRole.Up => (a.FeedForwardSize, a.HiddenSize),
            TensorRole.Down => (a.HiddenSize, a.FeedForwardSize),
            _ => (null, a.HiddenSize),
        };
    }

    private string ShowShape(TensorRole role) =>
        Shape(role) is ({ } rows, var columns) ? Invariant($"[{rows}, {columns}]") : Invariant($"[{Shape(role).Columns}]");

    private string Why(TensorKey key) => key.Role == TensorRole.Head ? $" because tie_word_embeddings is false in {configPath}" : "";

    private string WhereMissing() => set.Files.Count == 1 ? set.Files[0].Path : Path.GetDirectoryName(set.Files[0].Path)!;
}
