using Helios.Sdk.Models;

namespace Helios.Sdk.Checkpoints;

/// <summary>
/// The safetensors files of a checkpoint. The model's own are <c>model.safetensors</c> or the shards of the index, and no
/// tensor is in two of them; tensors of exits may lie in any other file of the folder too.
/// </summary>
internal sealed class SafetensorsSet : IDisposable
{
    private const string SingleName = "model.safetensors";
    private const string Pattern = "*.safetensors";

    private readonly string folder;
    private readonly List<SafetensorsFile> files = [];
    private readonly Dictionary<string, TensorPlace> own = new(StringComparer.Ordinal);
    private bool othersOpen;

    private SafetensorsSet(string folder) => this.folder = folder;

    /// <summary>Open files; <see cref="StoredTensor.File"/> counts in this list.</summary>
    public IReadOnlyList<SafetensorsFile> Files => files;

    /// <summary>Names of the model's own tensors, used or not.</summary>
    public IEnumerable<string> Names => own.Keys;

    /// <summary>Number of the model's own tensors.</summary>
    public int Count => own.Count;

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

    /// <summary>Finds one of the model's own tensors.</summary>
    public TensorPlace? Find(string name) => own.TryGetValue(name, out var place) ? place : null;

    /// <summary>Finds a tensor in any safetensors file of the folder; in two of them it is an error.</summary>
    public TensorPlace? FindAnywhere(string name)
    {
        OpenOthers();
        TensorPlace? found = null;
        for (var i = 0; i < files.Count; i++)
        {
            if (!files[i].Entries.TryGetValue(name, out var entry)) continue;
            if (found is { } first)
                throw CheckpointError.Tensor(files[i].Path, name, $"is also in {files[first.File].Path}, expected in one file");
            found = new TensorPlace(i, entry);
        }

        return found;
    }

    public void Dispose()
    {
        foreach (var file in files) file.Dispose();
    }

    private void OpenOwn()
    {
        var single = Path.Combine(folder, SingleName);
        var index = Path.Combine(folder, ShardIndex.FileName);
        if (File.Exists(index)) OpenShards(index, File.Exists(single));
        else if (File.Exists(single)) files.Add(SafetensorsFile.Open(single));
        else throw NoWeights();

        for (var i = 0; i < files.Count; i++)
        {
            foreach (var (name, entry) in files[i].Entries)
            {
                if (!own.TryAdd(name, new TensorPlace(i, entry)))
                    throw CheckpointError.Tensor(files[i].Path, name, $"is also in {files[own[name].File].Path}, expected in one shard");
            }
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
            files.Add(file);
            opened.Add(shard, file);
        }

        foreach (var (tensor, shard) in map)
        {
            if (!opened[shard].Entries.ContainsKey(tensor))
                throw CheckpointError.Tensor(opened[shard].Path, tensor, $"is missing, but {ShardIndex.FileName} lists it");
        }
    }

    private void OpenOthers()
    {
        if (othersOpen) return;
        othersOpen = true;
        var open = files.Select(file => file.Path).ToHashSet(StringComparer.Ordinal);
        foreach (var path in CheckpointFile.List(folder, Pattern))
        {
            if (!open.Contains(path)) files.Add(SafetensorsFile.Open(path));
        }
    }

    private CheckpointException NoWeights()
    {
        var other = Path.GetFileName(CheckpointFile.List(folder, Pattern).FirstOrDefault());
        var pickles = CheckpointFile.List(folder, "*.bin").Concat(CheckpointFile.List(folder, "*.pth"));
        var pickle = Path.GetFileName(pickles.FirstOrDefault());
        var hint = (other, pickle) switch
        {
            ({ }, _) => $"; '{other}' alone does not define the other files of the model",
            (_, { }) => $"; '{pickle}' is a pickle, which is not read because it can run code: convert it to safetensors",
            _ => "",
        };
        return CheckpointError.File(folder, $"has no weights, expected {SingleName} or {ShardIndex.FileName}{hint}");
    }
}

/// <summary>Where a tensor is.</summary>
/// <param name="File">Index of the file in the set.</param>
/// <param name="Entry">What its header says.</param>
internal readonly record struct TensorPlace(int File, SafetensorsEntry Entry);
