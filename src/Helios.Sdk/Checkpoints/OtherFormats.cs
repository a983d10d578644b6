namespace Helios.Sdk.Checkpoints;

/// <summary>Names what a folder holds that is no checkpoint in Hugging Face layout, by its files.</summary>
internal static class OtherFormats
{
    private const int LongestAdapterConfig = 1 << 20;

    private static readonly (string Pattern, string What)[] Weights =
    [
        ("*.gguf", "a GGUF file: give the path of the file itself"),
        ("*.onnx", "an ONNX model, which is not read: use a checkpoint with safetensors"),
        ("*.bin", "a PyTorch pickle, which is not read because it can run code: convert it to safetensors"),
        ("*.pth", "a PyTorch pickle, which is not read because it can run code: convert it to safetensors"),
        ("*.pt", "a PyTorch pickle, which is not read because it can run code: convert it to safetensors"),
        ("*.h5", "TensorFlow weights, which are not read: use a checkpoint with safetensors"),
        ("*.msgpack", "Flax weights, which are not read: use a checkpoint with safetensors"),
        ("*.npz", "NumPy arrays, as old MLX checkpoints have them, which are not read: use a checkpoint with safetensors"),
    ];

    /// <summary>The refusal of a folder of another kind; null if it is of none that is known.</summary>
    /// <param name="folder">The folder.</param>
    public static CheckpointException? Refuse(string folder)
    {
        var adapter = Path.Combine(folder, "adapter_config.json");
        if (File.Exists(adapter)) return CheckpointError.File(folder, $"is a LoRA adapter{BaseOf(adapter)}, expected a whole model: merge the adapter into its base model and save that");
        return WeightsOf(folder) is { } what ? CheckpointError.File(folder, $"has no config.json, but {what}") : null;
    }

    /// <summary>What weights a folder without safetensors has, as <c>'model.onnx', an ONNX model ...</c>; null if none are known.</summary>
    /// <param name="folder">The folder.</param>
    public static string? WeightsOf(string folder)
    {
        foreach (var (pattern, what) in Weights)
        {
            if (CheckpointFile.List(folder, pattern).Concat(Subfolder(folder, pattern)).FirstOrDefault() is { } file) return $"'{CheckpointError.Show(Path.GetFileName(file))}', {what}";
        }

        return null;
    }

    // Exports for ONNX lie one folder further down.
    private static string[] Subfolder(string folder, string pattern)
    {
        var inner = Path.Combine(folder, "onnx");
        return Directory.Exists(inner) ? [.. CheckpointFile.List(inner, pattern)] : [];
    }

    private static string BaseOf(string adapter)
    {
        if (new FileInfo(adapter).Length > LongestAdapterConfig) return "";
        var name = JsonFile.Parse(adapter, CheckpointFile.ReadAll(adapter), root => root.TryGet("base_model_name_or_path", out var field) ? field.AsText() : "");
        return name.Length == 0 ? "" : $" for '{CheckpointError.Show(name)}'";
    }
}
