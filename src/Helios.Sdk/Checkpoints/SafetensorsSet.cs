using Helios.Sdk.Models;

namespace Helios.Sdk.Checkpoints;

/// <summary>
/// The safetensors files of a checkpoint. The model's own are <c>model.safetensors</c> or the shards of the index, and no
/// tensor is in two of them; tensors of exits may lie in any other file of the folder too.
/// </summary>
internal sealed class SafetensorsSet : TensorSet
{
    private const string SingleName = "model.safetensors";
    private const string Pattern = "*.safetensors";

    private readonly string folder;

    private SafetensorsSet(string folder) => this.folder = folder;

    public static SafetensorsSet Open(string folder)
    {
        var set = new SafetensorsSet(folder);
        try
        {
            set.OpenOwn();
            return set;
        }
        catch
        {
            set.Dispose();
            throw;
        }
    }

    private void OpenOwn()
    {
        var single = Path.Combine(folder, SingleName);
        var index = Path.Combine(folder, ShardIndex.FileName);
        if (File.Exists(index)) OpenShards(index, File.Exists(single));
        else if (File.Exists(single)) Add(SafetensorsFile.Open(single));
        else throw NoWeights();

        for (var i = 0; i < Files.Count; i++)
        {
            foreach (var (name, entry) in Files[i].Entries) AddOwn(name, i, entry);
        }
    }

    private void OpenShards(string index, bool singleExists)
    {
        var map = ShardIndex.Read(index);
        var shards = map.Values.Distinct(StringComparer.Ordinal).Order(StringComparer.Ordinal).ToArray();
        if (singleExists && !shards.Contains(SingleName, StringComparer.Ordinal))
            throw CheckpointError.File(index, $"names other files than {SingleName}, which also exists: remove the files that are not the model");

        var opened = new Dictionary<string, SafetensorsFile>(StringComparer.Ordinal);
        foreach (var shard in shards)
        {
            var path = Path.Combine(folder, shard);
            if (!File.Exists(path))
                throw CheckpointError.File(index, $"field 'weight_map' names shard '{CheckpointError.Show(shard)}', which is not in the folder");
            var file = SafetensorsFile.Open(path);
            Add(file);
            opened.Add(shard, file);
        }

        foreach (var (tensor, shard) in map)
        {
            if (!opened[shard].Entries.ContainsKey(tensor))
                throw CheckpointError.Tensor(opened[shard].Path, tensor, $"is missing, but {ShardIndex.FileName} lists it");
        }
    }

    protected override IEnumerable<string> Others() => CheckpointFile.List(folder, Pattern);

    private CheckpointException NoWeights()
    {
        var other = Path.GetFileName(CheckpointFile.List(folder, Pattern).FirstOrDefault());
        var hint = (other, OtherFormats.WeightsOf(folder)) switch
        {
            ({ }, _) => $"; '{other}' alone does not define the other files of the model",
            (_, { } what) => $", but {what}",
            _ => "",
        };
        return CheckpointError.File(folder, $"has no weights, expected {SingleName} or {ShardIndex.FileName}{hint}");
    }
}
