namespace Helios.Cli.Tests;

/// <summary>Files that tests read, found from the repository's root.</summary>
public static class TestData
{
    private static readonly string Root = FindRoot();

    public static string TinyS { get; } = Path.Combine(Root, "samples", "models", "tiny-s");

    public static string TinyM { get; } = Path.Combine(Root, "samples", "models", "tiny-m");

    public static string Stories { get; } = Path.Combine(Root, "tests", "data", "models", "stories260K");

    private static string FindRoot()
    {
        for (var folder = new DirectoryInfo(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
        {
            if (File.Exists(Path.Combine(folder.FullName, "Helios.Sdk.sln"))) return folder.FullName;
        }

        throw new DirectoryNotFoundException($"No Helios.Sdk.sln above {AppContext.BaseDirectory}.");
    }
}
