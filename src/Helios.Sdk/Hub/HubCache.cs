using System.Text.RegularExpressions;

namespace Helios.Sdk.Hub;

/// <summary>
/// A cache of models in the layout of Hugging Face, which other programs share: content under <c>blobs</c>, a folder of links for each commit under
/// <c>snapshots</c>, and the commit of each branch under <c>refs</c>.
/// </summary>
/// <param name="root">Folder of the cache.</param>
internal sealed partial class HubCache(string root)
{
    /// <summary>The cache of this process's environment.</summary>
    public static HubCache Default => new(HubEnvironment.Process.CacheFolder);

    public string FolderOf(HubId id) => Path.Combine(root, id.CacheFolder);

    public string RefOf(HubId id) => Path.Combine(FolderOf(id), "refs", (id.Revision ?? HubId.MainBranch).Replace('/', Path.DirectorySeparatorChar));

    public string SnapshotOf(HubId id, string commit) => Path.Combine(FolderOf(id), "snapshots", commit);

    /// <summary>
    /// A model as a path to open: where the text is a path of something that is there, or no id, the text itself; else the model in the cache, or null
    /// when it is not there. Asks no server.
    /// </summary>
    public string? Find(string model)
    {
        if (Directory.Exists(model) || File.Exists(model)) return model;
        return HubId.TryParse(model) is { } id && CommitOf(id) is { } commit ? ModelIn(SnapshotOf(id, commit)) : null;
    }

    /// <summary>The folder of a snapshot, or its GGUF file where that is its one model.</summary>
    public static string? ModelIn(string snapshot)
    {
        if (!Directory.Exists(snapshot)) return null;
        if (File.Exists(Path.Combine(snapshot, "config.json"))) return snapshot;
        return FirstParts(Directory.GetFiles(snapshot, "*.gguf")) is [var only] ? only : null;
    }

    /// <summary>The name of a model's folder: that in the id where it is a snapshot of a cache, whose folder has the name of a commit.</summary>
    public static string NameOf(string folder)
    {
        var own = Path.GetFileName(folder);
        if (!HubId.IsCommit(own) || Path.GetDirectoryName(Path.GetDirectoryName(folder)) is not { } repository) return own;
        var parts = Path.GetFileName(repository).Split("--");
        return parts is ["models", .., var name] ? name : own;
    }

    /// <summary>GGUF files without the further parts of split ones.</summary>
    public static string[] FirstParts(IEnumerable<string> files) => [.. files.Where(file => !LaterPart().IsMatch(file)).Order(StringComparer.Ordinal)];

    private string? CommitOf(HubId id)
    {
        if (id.Revision is { } revision && HubId.IsCommit(revision)) return revision;
        var file = RefOf(id);
        if (!File.Exists(file)) return null;
        var commit = File.ReadAllText(file).Trim();
        return HubId.IsCommit(commit) ? commit : null;
    }

    [GeneratedRegex(@"-(?!00001-)\d{5}-of-\d{5}\.gguf$", RegexOptions.IgnoreCase | RegexOptions.CultureInvariant, matchTimeoutMilliseconds: 1000)]
    private static partial Regex LaterPart();
}
