using System.Globalization;
using Helios.Sdk.Checkpoints.Families;
using Helios.Sdk.Models;

namespace Helios.Sdk.Checkpoints.Opening;

/// <summary>
/// Finds every tensor that an architecture needs under its family's name, and checks shape and type. Tensors are looked up
/// one by one and the first that is missing ends it, so a config that claims a billion layers costs nothing.
/// </summary>
internal sealed class TensorMap
{
    private readonly TensorSet set;
    private readonly Family family;
    private readonly ModelArchitecture architecture;
    private readonly string configPath;
    private readonly string prefix;
    private readonly string headPrefix;
    private readonly Dictionary<TensorKey, StoredTensor> tensors = [];
    private readonly Dictionary<StoredTensor, TensorView> views = [];

    /// <summary>Prepares to look for tensors, under the prefix that the files have.</summary>
    /// <param name="set">The files.</param>
    /// <param name="read">What the config says.</param>
    /// <param name="configPath">For messages.</param>
    public TensorMap(TensorSet set, ReadConfig read, string configPath)
    {
        this.set = set;
        this.configPath = configPath;
        family = read.Family;
        architecture = read.Architecture;
        var embedding = NameOf(new TensorKey(TensorRole.Embedding));
        prefix = family.Prefixes.FirstOrDefault(candidate => set.Find(candidate + embedding) is not null) ?? family.Prefixes[0];
        headPrefix = prefix.EndsWith(".model.", StringComparison.Ordinal) ? prefix[..^"model.".Length] : "";
    }

    /// <summary>The embedding, as the files have it; null if they have none.</summary>
    public TensorPlace? Embedding => set.Find(prefix + NameOf(new TensorKey(TensorRole.Embedding)));

    /// <summary>A head of the files' own; null if they have none.</summary>
    public TensorPlace? Head => FindHead(NameOf(new TensorKey(TensorRole.Head)));

    /// <summary>Finds all.</summary>
    /// <param name="settled">The architecture, with a head that is tied or not, and what exits compute.</param>
    /// <param name="sidecar">Exits.</param>
    /// <param name="named">Tensors that the sidecar names.</param>
    public FoundTensors Find(ModelArchitecture settled, Sidecar sidecar, ExitTransforms named)
    {
        RefuseWhatContradicts();
        foreach (var spec in settled.FixedTensors())
        {
            if (spec.Key == new TensorKey(TensorRole.Head) && settled.Head.IsTied) tensors.Add(spec.Key, tensors[new TensorKey(TensorRole.Embedding)]);
            else AddOwn(spec);
        }

        for (var layer = 0; layer < settled.Layers; layer++)
        {
            foreach (var spec in settled.LayerTensors(layer)) AddOwn(spec);
        }

        foreach (var exit in sidecar.Exits) AddExit(settled, exit, named);
        return new FoundTensors(tensors, views);
    }

    private string NameOf(TensorKey key) => family.Locate(new TensorSpec(key, 1, 1), architecture).Name;

    private TensorPlace? FindHead(string name) => set.Find(headPrefix + name) ?? set.Find(name) ?? set.Find(prefix + name);

    private void AddOwn(TensorSpec spec)
    {
        var source = family.Locate(spec, architecture);
        var place = spec.Key.Role == TensorRole.Head ? FindHead(source.Name) : set.Find(prefix + source.Name);
        if (place is { } found) tensors.Add(spec.Key, Check(spec, source, found));
        else if (!spec.IsOptional) throw CheckpointError.Tensor(WhereMissing(), (spec.Key.Role == TensorRole.Head ? headPrefix : prefix) + source.Name, $"is missing, expected with shape {ShowShape(spec, source)}{Why(spec.Key)}");
    }

    private void AddExit(ModelArchitecture settled, SidecarExit exit, ExitTransforms named)
    {
        if (settled.Head.Norm is not { HasBias: true }) named.RefuseBias(exit.Norm);
        foreach (var spec in settled.ExitTensors(exit.Depth))
        {
            if (NamedBy(exit, spec.Key) is { } tensor) tensors.Add(spec.Key, Check(spec, TensorSource.Whole(tensor.Name, spec), named.Require(tensor)));
        }

        var (hidden, vocabulary) = (settled.HiddenSize, settled.VocabularySize);
        foreach (var map in exit.Fill) RequireShape(named, map, hidden, hidden);
        if (exit.Screen is not var (down, up)) return;
        var rank = RequireShape(named, down, rows: null, settled.Embedding.Width);
        RequireShape(named, up, vocabulary, rank);
    }

    /// <summary>The tensor that the sidecar names for a part of an exit; null where the exit has none.</summary>
    private static SidecarTensor? NamedBy(SidecarExit exit, TensorKey key)
    {
        var pair = key.Role switch
        {
            TensorRole.ExitNorm => exit.Norm,
            TensorRole.ExitMap => exit.Map,
            TensorRole.ExitFeedForwardNorm => exit.Network?.Norm,
            TensorRole.ExitGate => exit.Network?.Gate,
            TensorRole.ExitUp => exit.Network?.Up,
            TensorRole.ExitDown => exit.Network?.Down,
            _ => exit.Head is { } head ? new SidecarTensors(head, null) : null,
        };
        return key.Part == TensorPart.Bias ? pair?.Bias : pair?.Weight;
    }

    /// <summary>Checks tensors that nothing reads yet, so that a file that is accepted stays readable; returns the rows.</summary>
    private long RequireShape(ExitTransforms named, SidecarTensors pair, long? rows, long columns)
    {
        var place = named.Require(pair.Weight);
        if (place.Entry.Shape is not [> 0 and var found, var width] || width != columns || found != (rows ?? found)) throw Misshapen(place, pair.Weight, [rows ?? place.Entry.Shape.FirstOrDefault(1), columns]);
        if (pair.Bias is { } bias && named.Require(bias) is var beside && !beside.Entry.Shape.AsSpan().SequenceEqual([found])) throw Misshapen(beside, bias, [found]);
        return found;
    }

    private CheckpointException Misshapen(TensorPlace place, SidecarTensor tensor, long[] expected) =>
        CheckpointError.Tensor(set.Files[place.File].Path, tensor.Name, $"has shape {CheckpointError.Show(place.Entry.Shape)}, expected {CheckpointError.Show(expected)}");

    private StoredTensor Check(TensorSpec spec, TensorSource source, TensorPlace place)
    {
        var (file, entry) = (set.Files[place.File], place.Entry);
        var type = entry.Type.Computable
            ?? throw CheckpointError.Tensor(file.Path, entry.Name, $"has dtype {entry.Type.Name}, expected F32, F16 or BF16");
        if (!entry.Shape.AsSpan().SequenceEqual(Shape(spec, source)))
            throw CheckpointError.Tensor(file.Path, entry.Name, $"has shape {CheckpointError.Show(entry.Shape)}, expected {ShowShape(spec, source)} by {configPath}");
        var view = new TensorView(entry, source.Rows, source.IsTransposed);
        var stored = new StoredTensor(entry.Name, place.File, file.DataStart + entry.Begin + view.FirstByte(spec, type), type, spec.Rows, spec.Columns);
        views[stored] = view;
        return stored;
    }

    /// <summary>
    /// Tensors that are not needed may lie about, but two kinds say that the config does not fit the weights:
    /// layers beyond the last one, and biases of projections that have none by the config.
    /// </summary>
    private void RefuseWhatContradicts()
    {
        var start = prefix + family.Layers;
        var modules = ModulesWithoutBias();
        foreach (var name in set.Names)
        {
            if (!name.StartsWith(start, StringComparison.Ordinal)) continue;
            var path = set.Files[set.Find(name)!.Value.File].Path;
            var dot = name.IndexOf('.', start.Length);
            if (dot < 0 || !int.TryParse(name.AsSpan(start.Length, dot - start.Length), NumberStyles.None, CultureInfo.InvariantCulture, out var layer)) continue;
            if (layer >= architecture.Layers)
                throw CheckpointError.Tensor(path, name, Invariant($"is of layer {layer}, expected layers 0 to {architecture.Layers - 1} by num_hidden_layers of {configPath}"));
            if (modules.Contains((layer, name[(dot + 1)..])))
                throw CheckpointError.Tensor(path, name, $"is a bias, expected none by {configPath}");
        }
    }

    private HashSet<(int Layer, string Name)> ModulesWithoutBias()
    {
        var names = new HashSet<(int, string)>();
        for (var layer = 0; layer < Math.Min(architecture.Layers, set.Count); layer++)
        {
            var specs = architecture.LayerTensors(layer).ToList();
            var biased = specs.Where(spec => spec.Key.Part == TensorPart.Bias).Select(spec => spec.Key with { Part = TensorPart.Weight }).ToHashSet();
            foreach (var spec in specs)
            {
                if (spec.Key.Part == TensorPart.Weight && !biased.Contains(spec.Key)) names.Add((layer, family.Module(spec.Key.Role) + ".bias"));
            }
        }

        return names;
    }

    private static long[] Shape(TensorSpec spec, TensorSource source) =>
        spec.Key.IsVector ? [source.Rows.FileRows]
        : source.IsTransposed ? [spec.Columns, source.Rows.FileRows]
        : [source.Rows.FileRows, spec.Columns];

    private static string ShowShape(TensorSpec spec, TensorSource source) => CheckpointError.Show(Shape(spec, source));

    private string Why(TensorKey key) => key.Role == TensorRole.Head && key.Part == TensorPart.Weight ? $" because tie_word_embeddings is false in {configPath}" : "";

    private string WhereMissing() => set.Files.Count == 1 ? set.Files[0].Path : Path.GetDirectoryName(set.Files[0].Path)!;
}

/// <summary>Tensors by key, and how each lies in its file.</summary>
internal sealed record FoundTensors(IReadOnlyDictionary<TensorKey, StoredTensor> ByKey, IReadOnlyDictionary<StoredTensor, TensorView> Views);
