using Helios.Sdk.Models;

namespace Helios.Sdk.Checkpoints;

/// <summary>The weight files of a checkpoint. No tensor of the model is in two of them; tensors of exits may lie in other files too.</summary>
internal abstract class TensorSet : IDisposable
{
    private readonly List<TensorFile> files = [];
    private readonly Dictionary<string, TensorPlace> own = new(StringComparer.Ordinal);
    private bool othersOpen;

    /// <summary>Open files; <see cref="StoredTensor.File"/> counts in this list.</summary>
    public IReadOnlyList<TensorFile> Files => files;

    /// <summary>Names of the model's own tensors as Hugging Face has them, used or not.</summary>
    public IEnumerable<string> Names => own.Keys;

    /// <summary>Number of the model's own tensors.</summary>
    public int Count => own.Count;

    /// <summary>Finds one of the model's own tensors by its name in Hugging Face's layout.</summary>
    public TensorPlace? Find(string name) => own.TryGetValue(name, out var place) ? place : null;

    /// <summary>Finds a tensor in any file that tensors of exits may lie in; in two of them it is an error.</summary>
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

        return found ?? Find(name);
    }

    public void Dispose()
    {
        foreach (var file in files) file.Dispose();
    }

    /// <summary>Paths of safetensors files that tensors of exits may lie in, beside those that are open.</summary>
    protected abstract IEnumerable<string> Others();

    /// <summary>Takes a file over.</summary>
    protected void Add(TensorFile file) => files.Add(file);

    /// <summary>Takes a tensor of a file as one of the model's own.</summary>
    /// <param name="name">Its name in Hugging Face's layout.</param>
    /// <param name="file">Index of the file.</param>
    /// <param name="entry">What its header says.</param>
    /// <exception cref="CheckpointException">Another file has it too.</exception>
    protected void AddOwn(string name, int file, TensorEntry entry)
    {
        if (!own.TryAdd(name, new TensorPlace(file, entry)))
            throw CheckpointError.Tensor(files[file].Path, name, $"is also in {files[own[name].File].Path}, expected in one shard");
    }

    private void OpenOthers()
    {
        if (othersOpen) return;
        othersOpen = true;
        var open = files.Select(file => file.Path).ToHashSet(StringComparer.Ordinal);
        foreach (var path in Others())
        {
            if (!open.Contains(path)) files.Add(SafetensorsFile.Open(path));
        }
    }
}

/// <summary>Where a tensor is.</summary>
/// <param name="File">Index of the file in the set.</param>
/// <param name="Entry">What its header says.</param>
internal readonly record struct TensorPlace(int File, TensorEntry Entry);
