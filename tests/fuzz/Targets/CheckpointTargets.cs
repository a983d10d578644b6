using Helios.Sdk;
using Helios.Sdk.Checkpoints;
using Helios.Sdk.Models;

namespace Helios.Fuzz.Targets;

/// <summary>Files of a checkpoint, each in turn hostile beside the others, which are as they should be.</summary>
internal static class CheckpointTargets
{
    private const string Weights = "model.safetensors";

    public static Dictionary<string, Func<Scratch, FuzzTarget>> All { get; } = new(StringComparer.Ordinal)
    {
        ["safetensors"] = scratch => Beside(scratch, "safetensors", Weights),
        ["config"] = scratch => Beside(scratch, "config", "config.json"),
        ["generation-config"] = scratch => Beside(scratch, "generation-config", "generation_config.json"),
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
            typeof(CheckpointException));
    }

    private static void ReadAll(string folder)
    {
        using var checkpoint = Checkpoint.Open(folder);
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
