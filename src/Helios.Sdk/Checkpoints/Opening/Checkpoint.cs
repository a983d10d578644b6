using System.Collections.Immutable;
using Helios.Sdk.Checkpoints.Opening;
using Helios.Sdk.Models;

namespace Helios.Sdk.Checkpoints;

/// <summary>
/// A checkpoint in Hugging Face layout: <c>config.json</c>, safetensors in one file or in shards, and optionally
/// <c>generation_config.json</c> and <c>helios.json</c>; or a GGUF file, beside it optionally <c>FILE.gguf.helios.json</c>. Opening reads and checks all headers, and of the weights only
/// the samples of its fingerprint. Weights are read by position on request, possibly from several threads at once.
/// </summary>
public sealed class Checkpoint : ICheckpoint
{
    private readonly TensorSet set;
    private readonly FoundTensors tensors;
    private readonly TensorDigests digests;
    private volatile bool disposed;

    private Checkpoint(TensorSet set, FoundTensors tensors, TensorDigests digests, CheckpointInfo info)
    {
        this.digests = digests;
        this.set = set;
        this.tensors = tensors;
        Info = info;
    }

    /// <inheritdoc/>
    public CheckpointInfo Info { get; }

    /// <inheritdoc/>
    public string? StaleBecause => set.Files.Select(file => file.ChangedBecause).FirstOrDefault(because => because is not null);

    /// <summary>Opens a checkpoint.</summary>
    /// <param name="folder">Its folder, or its GGUF file; of a split GGUF file the first part.</param>
    /// <param name="name">Name of the model; that of the folder or file if null.</param>
    /// <param name="digestFile">
    /// A JSON file of the SHA-256 of tensors, as <c>{ "model.norm.weight": "64 hexadecimal digits" }</c>, of their bytes as stored, beside those under
    /// <c>digests</c> in <c>helios.json</c>; none if null.
    /// </param>
    /// <returns>The open checkpoint; dispose it to close its files.</returns>
    /// <exception cref="CheckpointException">Something is missing, damaged, contradictory or not supported; the message says what and where.</exception>
    public static Checkpoint Open(string folder, string? name = null, string? digestFile = null)
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(folder);
        if (name is not null) ArgumentException.ThrowIfNullOrWhiteSpace(name);

        var model = ModelPath.Require(folder);
        var files = new CheckpointFolder(model);
        var read = files.ReadConfig();
        read = read with { Architecture = ModelPath.Settle(model, read.Architecture) };
        var architecture = read.Architecture;
        var endOfSequence = files.ReadEndOfSequence(architecture.VocabularySize);
        var sampling = files.ReadSampling();
        var sidecar = files.ReadSidecar(architecture.Layers);
        var set = ModelPath.OpenTensors(model);
        try
        {
            var map = new TensorMap(set, read, files.ConfigPath);
            var named = new ExitTransforms(set, files.SidecarPath);
            architecture = named.Settle(TiedHead.Settle(architecture, set, map), sidecar);
            var digests = new Dictionary<string, TensorDigests.Named>(sidecar.Digests, StringComparer.Ordinal);
            if (digestFile is not null) TensorDigests.ReadFile(Path.GetFullPath(digestFile), digests);
            TensorDigests.RequireTensors(digests, set);
            var tensors = map.Find(architecture, sidecar, named);
            return new Checkpoint(set, tensors, new TensorDigests(digests), new CheckpointInfo
            {
                Name = name ?? model.Name,
                Path = model.Path,
                Architecture = architecture,
                Exits = sidecar.ToExits(architecture.Layers),
                StoredType = StoredTypeOf(tensors.ByKey),
                Parameters = tensors.ByKey.Values.Distinct().Sum(tensor => tensor.Elements),
                Fingerprint = Fingerprint.Compute(files.Config, files.Sidecar, set.Files),
                EndOfSequenceIds = endOfSequence,
                Sampling = sampling,
                Calibration = sidecar.Calibration,
                Remark = read.Remark,
            });
        }
        catch
        {
            set.Dispose();
            throw;
        }
    }

    /// <inheritdoc/>
    public bool TryGetTensor(TensorKey key, out StoredTensor tensor)
    {
        var found = tensors.ByKey.TryGetValue(key, out var stored);
        tensor = stored!; // null only beside false, as with every Try method
        return found;
    }

    /// <inheritdoc/>
    /// <exception cref="CheckpointChangedException">The file is not what it was when it was opened, or the tensor is not what its digest names.</exception>
    /// <exception cref="CheckpointException">The file ended early or could not be read, or a vector holds NaN or infinity.</exception>
    /// <exception cref="ObjectDisposedException">The checkpoint is closed.</exception>
    /// <exception cref="ArgumentException">The tensor is not of this checkpoint, or the range is outside it.</exception>
    public void Read(StoredTensor tensor, long offset, Span<byte> destination)
    {
        ObjectDisposedException.ThrowIf(disposed, this);
        ArgumentNullException.ThrowIfNull(tensor);
        if (!tensors.Views.TryGetValue(tensor, out var view)) throw new ArgumentException($"'{tensor.Name}' is not a tensor of {Info.Name}.", nameof(tensor));
        if (offset < 0 || offset > tensor.Bytes - destination.Length)
            throw new ArgumentOutOfRangeException(nameof(offset), offset, Invariant($"'{tensor.Name}' has {tensor.Bytes} bytes; asked for {destination.Length} from {offset} on."));

        if (StaleBecause is { } stale) throw new CheckpointChangedException(stale);
        var file = set.Files[tensor.File];
        digests.Check(file, view.Entry, offset);
        view.Read(file, tensor, offset, destination);
        FiniteVectors.Check(file.Path, tensor, offset, destination);
    }

    // The plain types are in order of their width. Of quantised ones a file has several, the wider for few tensors.
    private static TensorType StoredTypeOf(IReadOnlyDictionary<TensorKey, StoredTensor> tensors)
    {
        var layers = tensors.Where(pair => pair.Key.Layer >= 0).Select(pair => pair.Value).ToList();
        return layers.Exists(tensor => tensor.Type.IsQuantised())
            ? layers.GroupBy(tensor => tensor.Type).MaxBy(same => same.Sum(tensor => tensor.Elements))!.Key
            : layers.Max(tensor => tensor.Type);
    }

    /// <summary>Closes the files. A running read on another thread completes or throws; it never reads other data.</summary>
    public void Dispose()
    {
        disposed = true;
        set.Dispose();
    }
}
