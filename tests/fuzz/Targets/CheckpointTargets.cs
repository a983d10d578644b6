using Helios.Sdk;
using Helios.Sdk.Checkpoints;
using Helios.Sdk.Models;
using Helios.Sdk.Tokenization;

namespace Helios.Fuzz.Targets;

/// <summary>Files of a checkpoint, each in turn hostile beside the others, which are as they should be.</summary>
internal static class CheckpointTargets
{
    private const string Weights = "model.safetensors";
    private const string Digests = "digests.json";

    public static Dictionary<string, Func<Scratch, FuzzTarget>> All { get; } = new(StringComparer.Ordinal)
    {
        ["safetensors"] = scratch => Beside(scratch, "safetensors", Weights),
        ["gguf"] = OfGguf,
        ["config"] = scratch => Beside(scratch, "config", "config.json"),
        ["generation-config"] = scratch => Beside(scratch, "generation-config", "generation_config.json"),
        ["digests"] = scratch => Beside(scratch, "digests", Digests),
        ["exits"] = scratch => Beside(scratch, "exits", "helios.json"),
        ["shard-index"] = scratch =>
        {
            var target = Beside(scratch, "shard-index", "model.safetensors.index.json");
            File.Move(Path.Combine(scratch.Folder, Weights), Path.Combine(scratch.Folder, "model-00001-of-00001.safetensors"));
            return target;
        },
    };

    private static FuzzTarget Beside(Scratch scratch, string name, string file)
    {
        scratch.Write("config.json", Corpus.Read("config", "llama.json"));
        scratch.Write(Weights, Corpus.Read("safetensors", "llama.safetensors"));
        return new FuzzTarget(
            name,
            input =>
            {
                scratch.Write(file, input);
                ReadAll(scratch.Folder);
            },
            typeof(CheckpointException),
            typeof(CheckpointChangedException));
    }

    // The tokenizer of the file too.
    private static FuzzTarget OfGguf(Scratch scratch) => new(
        "gguf",
        input =>
        {
            scratch.Write("model.gguf", input);
            var path = Path.Combine(scratch.Folder, "model.gguf");
            ReadAll(path);
            TokenizerFiles.Load(path).Encode("A text of 12 words.");
        },
        typeof(CheckpointException),
        typeof(CheckpointChangedException));

    private static void ReadAll(string model)
    {
        var digests = Path.Combine(Directory.Exists(model) ? model : Path.GetDirectoryName(model)!, Digests);
        using var checkpoint = Checkpoint.Open(model, digestFile: File.Exists(digests) ? digests : null);
        for (var layer = -1; layer < checkpoint.Info.Architecture.Layers; layer++)
        {
            foreach (var role in Enum.GetValues<TensorRole>())
            {
                if (!checkpoint.TryGetTensor(new TensorKey(role, layer), out var tensor)) continue;
                var bytes = new byte[tensor.Bytes];
                checkpoint.Read(tensor, 0, bytes);
            }
        }
    }
}
