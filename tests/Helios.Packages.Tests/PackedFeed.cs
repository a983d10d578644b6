using System.Collections.Immutable;
using System.Reflection;
using System.Xml.Linq;

namespace Helios.Packages.Tests;

/// <summary>
/// The packages of this build in a folder of their own, and beside it room for fresh apps that restore from it. What is restored
/// goes to a package folder of their own too, so that no package of an earlier build can stand in; other packages are taken from
/// the user's, where they are.
/// </summary>
public sealed class PackedFeed : IAsyncLifetime
{
    private static readonly string Configuration = Metadata("Configuration");
    private static readonly string TorchSharp = Metadata("HeliosTorchSharp");

    /// <summary>Whether this build has the TorchSharp backend.</summary>
    public static bool HasTorchSharp => TorchSharp == "true";

    /// <summary>Root of the repository.</summary>
    public static string Root { get; } = FindRoot();

    /// <summary>Everything that the tests write.</summary>
    public string Folder { get; } = Directory.CreateTempSubdirectory("helios-packages-").FullName;

    /// <summary>Where the packages are.</summary>
    public string Feed => Path.Combine(Folder, "feed");

    /// <summary>What commands run with.</summary>
    public IReadOnlyDictionary<string, string> Environment => new Dictionary<string, string>(StringComparer.Ordinal) { ["NUGET_PACKAGES"] = Path.Combine(Folder, "packages") };

    /// <summary>Version of the packages.</summary>
    public string Version => Path.GetFileNameWithoutExtension(Directory.GetFiles(Feed, "Helios.Sdk.Abstractions.*.nupkg").Single())["Helios.Sdk.Abstractions.".Length..];

    /// <summary>A file that this build made of a library.</summary>
    public static string Built(string library, string file) => Path.Combine(Root, "src", library, "bin", Configuration, "net10.0", file);

    /// <summary>Version of a package of others that this repository takes.</summary>
    public static string PinnedVersion(string package) => XDocument.Load(Path.Combine(Root, "Directory.Packages.props")).Descendants("PackageVersion")
        .Single(element => element.Attribute("Include")!.Value == package).Attribute("Version")!.Value;

    public async Task InitializeAsync()
    {
        await DotNet.RunAsync(Root, ImmutableDictionary<string, string>.Empty, "pack", "Helios.Sdk.sln", "--no-build", "-c", Configuration, $"-p:HeliosTorchSharp={TorchSharp}", "-o", Feed, "-v", "quiet");
        File.Copy(Path.Combine(Root, "nuget.config"), Path.Combine(Folder, "nuget.config"));
        var home = System.Environment.GetFolderPath(System.Environment.SpecialFolder.UserProfile);
        var known = System.Environment.GetEnvironmentVariable("NUGET_PACKAGES") ?? Path.Combine(home, ".nuget", "packages");
        await File.WriteAllTextAsync(Path.Combine(Folder, "Directory.Build.props"), $"""
            <Project>
              <PropertyGroup>
                <RestoreAdditionalProjectSources>{Feed}</RestoreAdditionalProjectSources>
                <RestoreFallbackFolders Condition="Exists('{known}')">{known}</RestoreFallbackFolders>
                <RestoreIgnoreFailedSources>true</RestoreIgnoreFailedSources>
                <NuGetAudit>false</NuGetAudit>
                <TreatWarningsAsErrors>true</TreatWarningsAsErrors>
                <WarningsNotAsErrors>NU1801</WarningsNotAsErrors>
              </PropertyGroup>
            </Project>
            """);
    }

    public Task DisposeAsync()
    {
        Directory.Delete(Folder, recursive: true);
        return Task.CompletedTask;
    }

    /// <summary>Makes and builds a fresh app, and returns the path of its assembly.</summary>
    /// <param name="name">Name of the app.</param>
    /// <param name="sdk">Its MSBuild SDK.</param>
    /// <param name="program">Its Program.cs.</param>
    /// <param name="packages">What it refers to, each as a name and a version.</param>
    internal async Task<string> BuildAppAsync(string name, string sdk, string program, params (string Id, string Version)[] packages)
    {
        var folder = await MakeAppAsync(name, sdk, program, packages);
        await DotNet.RunAsync(folder, Environment, "build", "-c", "Release", "-o", "out", "-v", "quiet");
        foreach (var library in Directory.GetFiles(Path.Combine(folder, "out"), "Helios.*.dll"))
        {
            var id = Path.GetFileNameWithoutExtension(library);
            (await File.ReadAllBytesAsync(library)).Should().Equal(await File.ReadAllBytesAsync(Built(id, $"{id}.dll")), "it is {0} of this build", id);
        }

        return Path.Combine(folder, "out", $"{name}.dll");
    }

    /// <summary>Makes a fresh app and restores its packages, and returns its folder.</summary>
    /// <inheritdoc cref="BuildAppAsync"/>
    internal async Task<string> RestoreAppAsync(string name, string sdk, string program, params (string Id, string Version)[] packages)
    {
        var folder = await MakeAppAsync(name, sdk, program, packages);
        await DotNet.RunAsync(folder, Environment, "restore", "-v", "quiet");
        return folder;
    }

    private async Task<string> MakeAppAsync(string name, string sdk, string program, params (string Id, string Version)[] packages)
    {
        var folder = Directory.CreateDirectory(Path.Combine(Folder, name)).FullName;
        var references = string.Join('\n', packages.Select(package => $"""    <PackageReference Include="{package.Id}" Version="{package.Version}" />"""));
        await File.WriteAllTextAsync(Path.Combine(folder, $"{name}.csproj"), $"""
            <Project Sdk="{sdk}">
              <PropertyGroup>
                <OutputType>Exe</OutputType>
                <TargetFramework>net10.0</TargetFramework>
                <Nullable>enable</Nullable>
                <ImplicitUsings>enable</ImplicitUsings>
              </PropertyGroup>
              <ItemGroup>
            {references}
              </ItemGroup>
            </Project>
            """);
        await File.WriteAllTextAsync(Path.Combine(folder, "Program.cs"), program);
        return folder;
    }

    private static string Metadata(string key) => typeof(PackedFeed).Assembly.GetCustomAttributes<AssemblyMetadataAttribute>().Single(it => it.Key == key).Value!;

    private static string FindRoot()
    {
        var folder = AppContext.BaseDirectory;
        while (!File.Exists(Path.Combine(folder, "Helios.Sdk.sln"))) folder = Path.GetDirectoryName(folder) ?? throw new DirectoryNotFoundException("The tests do not run inside the repository.");
        return folder;
    }
}
