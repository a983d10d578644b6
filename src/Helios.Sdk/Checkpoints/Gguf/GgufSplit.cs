using System.Globalization;
using System.Text.RegularExpressions;

namespace Helios.Sdk.Checkpoints.Gguf;

/// <summary>The parts of a split file: <c>NAME-00001-of-00003.gguf</c> and the others beside it.</summary>
internal static partial class GgufSplit
{
    private const string NumberKey = "split.no";
    private const string CountKey = "split.count";
    private const string TensorsKey = "split.tensors.count";
    private const int MostParts = 99_999;

    /// <summary>Paths of all parts in order; the file alone where it is not split.</summary>
    /// <param name="first">Metadata of the file that was given.</param>
    /// <exception cref="CheckpointException">It is not the first part, its name is not that of a part, or a part is missing.</exception>
    public static string[] PartsOf(GgufMetadata first)
    {
        var count = first.Whole(CountKey, 0, MostParts) ?? 0;
        var number = first.Whole(NumberKey, 0, Math.Max(0, count - 1)) ?? 0;
        if (count <= 1) return [first.Path];
        var folder = Path.GetDirectoryName(first.Path)!;
        if (PartName().Match(Path.GetFileName(first.Path)) is not { Success: true } name || !int.TryParse(name.Groups["count"].ValueSpan, NumberStyles.None, CultureInfo.InvariantCulture, out var named) || named != count)
            throw CheckpointError.File(first.Path, Invariant($"is part {number + 1} of {count} of a split file, expected a name that ends in -{number + 1:00000}-of-{count:00000}.gguf"));
        string PathOf(long part) => Path.Combine(folder, Invariant($"{name.Groups["name"].Value}-{part:00000}-of-{count:00000}.gguf"));
        if (number != 0) throw CheckpointError.File(first.Path, Invariant($"is part {number + 1} of {count} of a split file, expected its first part, {PathOf(1)}"));
        var paths = new string[count];
        for (var part = 0; part < count; part++)
        {
            paths[part] = part == 0 ? first.Path : PathOf(part + 1);
            if (!File.Exists(paths[part])) throw CheckpointError.File(first.Path, Invariant($"is split in {count} parts, but {Path.GetFileName(paths[part])} is not beside it"));
        }

        return paths;
    }

    /// <summary>Refuses parts that are not those of one file.</summary>
    /// <exception cref="CheckpointException">A part says another number, or the tensors are not as many as the first part says.</exception>
    public static void Check(IReadOnlyList<GgufFile> parts)
    {
        if (parts.Count == 1) return;
        for (var part = 0; part < parts.Count; part++)
        {
            var metadata = parts[part].Metadata;
            if (metadata.Whole(NumberKey, 0, MostParts) != part || metadata.Whole(CountKey, 0, MostParts) != parts.Count)
                throw CheckpointError.File(parts[part].Path, Invariant($"does not say that it is part {part + 1} of {parts.Count}, as its name does"));
        }

        var (found, expected) = (parts.Sum(part => (long)part.Entries.Count), parts[0].Metadata.Whole(TensorsKey, 0, int.MaxValue));
        if (expected is { } tensors && tensors != found) throw CheckpointError.Field(parts[0].Path, TensorsKey, Invariant($"{tensors}"), Invariant($"{found}, as many as there are in all parts"));
    }

    /// <summary>The name of a model without the number of the part.</summary>
    public static string NameOf(string path) =>
        PartName().Match(Path.GetFileName(path)) is { Success: true } name ? name.Groups["name"].Value : Path.GetFileNameWithoutExtension(path);

    [GeneratedRegex(@"^(?<name>.+)-\d{5}-of-(?<count>\d{5})\.gguf$", RegexOptions.IgnoreCase | RegexOptions.CultureInvariant, matchTimeoutMilliseconds: 1000)]
    private static partial Regex PartName();
}
