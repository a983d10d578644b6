namespace Helios.Samples.Tests;

/// <summary>A page of documentation.</summary>
/// <param name="File">Its path in the repository, with slashes.</param>
/// <param name="Text">What it says, with plain line feeds.</param>
internal sealed record Page(string File, string Text);

/// <summary>The pages of the repository.</summary>
internal static class Pages
{
    private static readonly string[] Folders = ["bench", "docs", "samples", "src"];

    /// <summary>All of them, by path.</summary>
    public static IReadOnlyList<Page> All { get; } =
    [
        .. Folders.SelectMany(folder => Directory.EnumerateFiles(Path.Combine(Sample.Root, folder), "*.md", SearchOption.AllDirectories))
            .Append(Path.Combine(Sample.Root, "README.md"))
            .Select(path => Path.GetRelativePath(Sample.Root, path).Replace('\\', '/'))
            .Where(file => !file.Split('/').Any(part => part is "bin" or "obj" or "node_modules"))
            .Order(StringComparer.Ordinal)
            .Select(file => new Page(file, File.ReadAllText(Path.Combine(Sample.Root, file)).ReplaceLineEndings("\n"))),
    ];
}
