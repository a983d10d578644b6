namespace Helios.Sdk.Tests;

/// <summary>Files that tests read, found from the repository's root.</summary>
public static class TestData
{
    /// <summary>The folder of <c>Helios.Sdk.sln</c>.</summary>
    public static string Root { get; } = FindRoot();

    /// <summary>Folder of a model: a sample (<c>tiny-s</c>, <c>tiny-m</c>) or one of the tests' own (<c>stories260K</c>).</summary>
    public static string Model(string name)
    {
        string[] places = [Path.Combine(Root, "samples", "models", name), Path.Combine(Root, "tests", "data", "models", name)];
        return places.FirstOrDefault(Directory.Exists) ?? throw new DirectoryNotFoundException($"No model '{name}' in {string.Join(" or ", places)}.");
    }

    private static string FindRoot()
    {
        for (var folder = new DirectoryInfo(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
        {
            if (File.Exists(Path.Combine(folder.FullName, "Helios.Sdk.sln"))) return folder.FullName;
        }

        throw new DirectoryNotFoundException($"No Helios.Sdk.sln above {AppContext.BaseDirectory}.");
    }
}
