using System.Text.RegularExpressions;

namespace Helios.Sdk.Hub;

/// <summary>A model of the Hugging Face Hub, as <c>org/name</c> or <c>org/name@revision</c>. Its parts are safe in paths and URLs.</summary>
/// <param name="Name">Organization and name.</param>
/// <param name="Revision">A branch, tag or commit; null for the branch <c>main</c>.</param>
internal sealed partial record HubId(string Name, string? Revision)
{
    public const string MainBranch = "main";

    /// <summary>Its folder in a cache.</summary>
    public string CacheFolder => $"models--{Name.Replace("/", "--", StringComparison.Ordinal)}";

    /// <summary>Reads an id; null where the text is none.</summary>
    public static HubId? TryParse(string text)
    {
        var at = text.IndexOf('@');
        var (name, revision) = at < 0 ? (text, null) : (text[..at], text[(at + 1)..]);
        if (name.Length > 200 || !Names().IsMatch(name) || name.Contains("..", StringComparison.Ordinal) || name.Contains("--", StringComparison.Ordinal)) return null;
        return revision is null || IsRevision(revision) ? new HubId(name, revision) : null;
    }

    /// <summary>A path as it is, an id without its revision.</summary>
    public static string NameOf(string path) => path.Contains('@', StringComparison.Ordinal) && !Path.Exists(path) && TryParse(path) is { } id ? id.Name : path;

    public static bool IsRevision(string text) => text.Length <= 200 && Revisions().IsMatch(text) && !text.Contains("..", StringComparison.Ordinal);

    public static bool IsCommit(string text) => text.Length == 40 && text.All(char.IsAsciiHexDigitLower);

    [GeneratedRegex(@"\A[A-Za-z0-9_][A-Za-z0-9_.-]*(/[A-Za-z0-9_][A-Za-z0-9_.-]*)?\z", RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 1000)]
    private static partial Regex Names();

    [GeneratedRegex(@"\A[A-Za-z0-9_][A-Za-z0-9_.-]*(/[A-Za-z0-9_][A-Za-z0-9_.-]*)*\z", RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 1000)]
    private static partial Regex Revisions();
}
