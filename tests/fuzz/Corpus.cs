namespace Helios.Fuzz;

/// <summary>Inputs of the repository: well-formed ones to begin from, and those that once broke something.</summary>
internal static class Corpus
{
    /// <summary>The folder of <c>Helios.Sdk.sln</c>.</summary>
    public static string Root { get; } = FindRoot();

    /// <summary>Files of a target, by name.</summary>
    public static IReadOnlyList<(string Name, byte[] Bytes)> Of(string target)
    {
        var folder = Path.Combine(Root, "tests", "fuzz", "corpus", target);
        if (!Directory.Exists(folder)) throw new DirectoryNotFoundException($"The target '{target}' has no corpus: {folder}.");
        return [.. Directory.GetFiles(folder).Order(StringComparer.Ordinal).Select(file => (Path.GetFileName(file), File.ReadAllBytes(file)))];
    }

    /// <summary>One file of a target.</summary>
    public static byte[] Read(string target, string name) => File.ReadAllBytes(Path.Combine(Root, "tests", "fuzz", "corpus", target, name));

    private static string FindRoot()
    {
        for (var folder = new DirectoryInfo(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
        {
            if (File.Exists(Path.Combine(folder.FullName, "Helios.Sdk.sln"))) return folder.FullName;
        }

        throw new DirectoryNotFoundException($"No Helios.Sdk.sln above {AppContext.BaseDirectory}.");
    }
}
