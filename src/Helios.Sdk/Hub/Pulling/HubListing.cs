using Helios.Sdk.Checkpoints;

namespace Helios.Sdk.Hub.Pulling;

/// <summary>A file of a repository.</summary>
/// <param name="Name">Its path in the repository: parts of plain names, joined by <c>/</c>.</param>
/// <param name="Size">Its bytes.</param>
/// <param name="Hash">The SHA-256 of its content where <paramref name="IsSha256"/>; else the SHA-1 by which git names it. Hexadecimal.</param>
/// <param name="IsSha256">Whether it is stored by LFS.</param>
internal sealed record HubFile(string Name, long Size, string Hash, bool IsSha256);

/// <summary>The files of a commit, as the Hub lists them. The list is hostile input: what could leave a folder is refused.</summary>
/// <param name="Commit">40 hexadecimal digits.</param>
/// <param name="Files">Its files.</param>
internal sealed record HubListing(string Commit, IReadOnlyList<HubFile> Files)
{
    /// <summary>Most bytes of a list. That of a repository with 50,000 files has some 15 MB.</summary>
    public const int LongestJson = CheckpointFile.LongestJson;

    private const int MostFiles = 100_000;

    /// <summary>Reads the answer of <c>api/models/ID/revision/REVISION?blobs=true</c>.</summary>
    /// <param name="source">How messages name it.</param>
    /// <param name="json">The answer.</param>
    /// <exception cref="CheckpointException">It is malformed, or names a file that could leave its folder.</exception>
    public static HubListing Read(string source, ReadOnlyMemory<byte> json) => JsonFile.Parse(source, json, root =>
    {
        var commit = root["sha"];
        if (!HubId.IsCommit(commit.AsText())) throw commit.Bad("a commit of 40 hexadecimal digits");
        var siblings = root.Required("siblings", "an array of files");
        if (siblings.ArrayLength("an array of files") > MostFiles) throw siblings.Bad("more", Invariant($"at most {MostFiles} files"));
        var names = new HashSet<string>(StringComparer.OrdinalIgnoreCase);
        var files = new List<HubFile>();
        foreach (var sibling in siblings.Items())
        {
            var name = sibling["rfilename"];
            if (!IsInside(name.AsText())) throw name.Bad("a path inside the repository");
            // What is not listed with its content, such as a folder of git's own, is not for us.
            if (ReadFile(name.AsText(), sibling) is not { } file) continue;
            if (!names.Add(file.Name)) throw name.Bad("a name that no other file has, be it in other letters");
            files.Add(file);
        }

        return new HubListing(commit.AsText(), files);
    });

    public HubFile? Find(string name) => Files.FirstOrDefault(file => file.Name == name);

    private static HubFile? ReadFile(string name, JsonField sibling)
    {
        if (sibling.TryGet("lfs", out var lfs))
        {
            var hash = lfs.TryGet("sha256", out var sha) ? sha : lfs["oid"];
            return new HubFile(name, lfs["size"].AsLong(0, long.MaxValue), Hex(hash, 64), IsSha256: true);
        }

        return sibling.TryGet("blobId", out var blob) ? new HubFile(name, sibling["size"].AsLong(0, long.MaxValue), Hex(blob, 40), IsSha256: false) : null;
    }

    private static string Hex(JsonField field, int digits) =>
        field.AsText() is var text && text.Length == digits && text.All(char.IsAsciiHexDigitLower) ? text : throw field.Bad(Invariant($"{digits} hexadecimal digits in lower case"));

    /// <summary>Whether every part of a path is a plain name, on any operating system.</summary>
    private static bool IsInside(string name) =>
        name.Length is > 0 and <= 1024
        && name.IndexOfAny(['\\', ':', '*', '?', '"', '<', '>', '|']) < 0 && !name.Any(char.IsControl)
        && name.Split('/').All(part => part.Length > 0 && part is not ("." or "..") && part[^1] is not ('.' or ' '));
}
