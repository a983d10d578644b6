using System.Diagnostics;
using System.IO.Compression;
using System.Net.Http.Json;
using System.Runtime.InteropServices;
using System.Text.Json;
using System.Text.RegularExpressions;
using System.Xml.Linq;

namespace Helios.Packages.Tests;

/// <summary>What a user gets: packages that are whole, and that do in a fresh app what the README says.</summary>
public sealed partial class PackageTests(PackedFeed feed) : IClassFixture<PackedFeed>
{
    // Each with what it may need; a build without the TorchSharp backend has no package of it.
    private static readonly (string Id, string[] Needs)[] Libraries =
    [
        ("Helios.Sdk.Abstractions", []),
        ("Helios.Sdk", ["Helios.Sdk.Abstractions", "Microsoft.Extensions.*", "System.Threading.RateLimiting"]),
        ("Helios.Sdk.Cpu", ["Helios.Sdk.Abstractions"]),
        ("Helios.Sdk.Simulation", ["Helios.Sdk"]),
        ("Helios.Sdk.Testing", ["Helios.Sdk.Abstractions"]),
        ("Helios.Sdk.MicrosoftTokenizers", ["Helios.Sdk.Abstractions", "Microsoft.ML.Tokenizers"]),
        .. PackedFeed.HasTorchSharp ? [("Helios.Sdk.TorchSharp", ["Helios.Sdk.Abstractions", "TorchSharp"])] : Array.Empty<(string, string[])>(),
    ];

    private static readonly string[] All = [.. Libraries.Select(library => library.Id), "Helios.Cli"];

    public static TheoryData<string> Packages => [.. All];

    public static TheoryData<string, string[]> LibrariesAndNeeds
    {
        get
        {
            var data = new TheoryData<string, string[]>();
            foreach (var (id, needs) in Libraries) data.Add(id, needs);
            return data;
        }
    }

    [Fact]
    public void All_packages_are_those_that_are_tested_here() =>
        Directory.GetFiles(feed.Feed, "*.nupkg").Select(Path.GetFileName).Should().BeEquivalentTo(All.Select(id => $"{id}.{feed.Version}.nupkg"));

    [Theory]
    [MemberData(nameof(Packages))]
    public void A_package_says_what_it_is(string id)
    {
        using var package = ZipFile.OpenRead(Path.Combine(feed.Feed, $"{id}.{feed.Version}.nupkg"));
        package.Entries.Select(entry => entry.FullName).Should().Contain(["README.md", "icon.png"]);
        var metadata = Metadata(package);
        metadata["license"].Should().Be("MIT");
        metadata["readme"].Should().Be("README.md");
        metadata["icon"].Should().Be("icon.png");
        metadata["description"].Should().NotBeNullOrEmpty();
        metadata.Should().ContainKeys("authors", "tags", "repository");
    }

    /// <summary>Those among them that this build leaves out.</summary>
    [Fact]
    public void Every_project_has_the_readme_that_its_package_brings()
    {
        var folders = Directory.GetFiles(Path.Combine(PackedFeed.Root, "src"), "*.csproj", SearchOption.AllDirectories).Select(project => Path.GetDirectoryName(project)!).ToList();
        folders.Should().HaveCountGreaterThan(Libraries.Length);
        folders.Where(folder => !File.Exists(Path.Combine(folder, "README.md"))).Should().BeEmpty();
    }

    [Theory]
    [MemberData(nameof(LibrariesAndNeeds))]
    public void A_library_brings_its_documentation_and_symbols_and_no_more_than_it_needs(string id, string[] dependencies)
    {
        using var package = ZipFile.OpenRead(Path.Combine(feed.Feed, $"{id}.{feed.Version}.nupkg"));
        package.Entries.Select(entry => entry.FullName).Where(name => name.StartsWith("lib/", StringComparison.Ordinal)).Should().BeEquivalentTo($"lib/net10.0/{id}.dll", $"lib/net10.0/{id}.xml");
        var needed = Needed(package);
        dependencies.Where(allowed => !needed.Any(name => IsIn(name, allowed))).Should().BeEmpty("it needs them");
        needed.Where(name => !dependencies.Any(allowed => IsIn(name, allowed))).Should().BeEmpty();

        using var symbols = ZipFile.OpenRead(Path.Combine(feed.Feed, $"{id}.{feed.Version}.snupkg"));
        symbols.Entries.Should().Contain(entry => entry.FullName == $"lib/net10.0/{id}.pdb");
    }

    [Fact]
    public async Task An_app_compiled_ahead_of_time_has_the_vectors_that_the_kernels_need_unless_it_says_otherwise()
    {
        var app = await feed.RestoreAppAsync("AheadOfTime", "Microsoft.NET.Sdk", "return;", ("Helios.Sdk.Cpu", feed.Version));

        var usual = RuntimeInformation.OSArchitecture == Architecture.X64 ? "x86-64-v3" : "";
        (await InstructionSetAsync(null, "PublishAot=true", "_IsPublishing=true")).Should().Be(usual, "dotnet publish means this machine");
        (await InstructionSetAsync(null, "PublishAot=true", "RuntimeIdentifier=win-x64")).Should().Be("x86-64-v3");
        (await InstructionSetAsync(null, "PublishAot=true", "RuntimeIdentifier=linux-arm64")).Should().BeEmpty("its kernels are as good on every processor");
        (await InstructionSetAsync(null, "RuntimeIdentifier=win-x64")).Should().BeEmpty("the runtime compiles for the processor that it finds");
        (await InstructionSetAsync("native", "PublishAot=true", "RuntimeIdentifier=win-x64")).Should().Be("native", "the app says so");

        // What the environment says is what a project says: a later file may put something else in its place.
        async Task<string> InstructionSetAsync(string? own, params string[] properties)
        {
            var environment = new Dictionary<string, string>(feed.Environment, StringComparer.Ordinal) { ["IlcInstructionSet"] = own ?? "" };
            var ended = await DotNet.RunAsync(app, environment, ["msbuild", "-getProperty:IlcInstructionSet", .. properties.Select(property => $"-p:{property}")]);
            return ended.Output.Trim();
        }
    }

    [Fact]
    public async Task The_lines_of_the_readme_stream_an_answer_in_a_fresh_console_app_and_nothing_else()
    {
        var (program, lines) = (await File.ReadAllTextAsync(Path.Combine(PackedFeed.Root, "tests", "Helios.Packages.Tests", "Apps", "AfterReadme.cs")), await ReadmeLinesAsync());
        lines.Should().Contain("Console.Write(piece.Text);");
        var app = await feed.BuildAppAsync(
            "FreshConsole", "Microsoft.NET.Sdk", lines.Replace("Console.Write(piece.Text);", "Console.Write(Noted(piece.Text));", StringComparison.Ordinal) + program,
            ("Helios.Sdk", feed.Version), ("Helios.Sdk.Cpu", feed.Version), ("Microsoft.Extensions.DependencyInjection", PackedFeed.PinnedVersion("Microsoft.Extensions.DependencyInjection")));

        var noted = Path.Combine(feed.Folder, "noted.json");
        var ended = await DotNet.RunAsync(PackedFeed.Root, feed.Environment, app, noted);

        var (text, streamed, counted) = await ReadAsync<Noted>(noted);
        text.Should().NotBeNullOrWhiteSpace();
        ended.Output.Should().Be(text, "the library writes nothing to the console");
        ended.Error.Should().BeEmpty();
        streamed.Should().BePositive();
        counted.Should().Be(streamed, "every token is counted once");
    }

    [Fact]
    public async Task A_fresh_web_app_streams_answers_and_stops_when_it_is_asked_to()
    {
        var program = await File.ReadAllTextAsync(Path.Combine(PackedFeed.Root, "tests", "Helios.Packages.Tests", "Apps", "Web.cs"));
        var app = await feed.BuildAppAsync("FreshWeb", "Microsoft.NET.Sdk.Web", program, ("Helios.Sdk", feed.Version), ("Helios.Sdk.Cpu", feed.Version));

        using var process = DotNet.Start("dotnet", PackedFeed.Root, feed.Environment, app, Path.Combine("samples", "models", "tiny-s"));
        using var client = new HttpClient { BaseAddress = await AddressAsync(process), Timeout = DotNet.Patience };
        var rest = process.StandardOutput.ReadToEndAsync();
        var pieces = await client.GetFromJsonAsync<string[]>("/stream?prompt=Once%20upon%20a%20time");
        var answer = await client.GetFromJsonAsync<JsonElement>("/answer?prompt=Once%20upon%20a%20time");
        (await client.PostAsync("/stop", content: null)).EnsureSuccessStatusCode();
        await DotNet.EndAsync(process);

        pieces.Should().HaveCount(answer.GetProperty("tokens").GetInt32(), "every token counted is streamed");
        string.Concat(pieces!).Should().NotBeEmpty().And.Be(answer.GetProperty("text").GetString());
        process.ExitCode.Should().Be(0, "{0}", await rest);
    }

    [Fact]
    public async Task The_tool_installs_and_inspects_a_model()
    {
        var tools = Path.Combine(feed.Folder, "tools");
        await DotNet.RunAsync(feed.Folder, feed.Environment, "tool", "install", "Helios.Cli", "--version", feed.Version, "--tool-path", tools, "--source", feed.Feed);

        var ended = await DotNet.RunAsync(Path.Combine(tools, "helios"), PackedFeed.Root, feed.Environment, "inspect", "samples/models/tiny-s", "--json");

        ended.Error.Should().BeEmpty();
        JsonDocument.Parse(ended.Output).RootElement.GetProperty("name").GetString().Should().Be("tiny-s");
    }

    [GeneratedRegex(@"## Use it.*?```csharp\n(?<lines>.*?)```", RegexOptions.Singleline, matchTimeoutMilliseconds: 1000)]
    private static partial Regex UseIt();

    [GeneratedRegex(@"Now listening on: (?<address>http://\S+)", RegexOptions.None, matchTimeoutMilliseconds: 1000)]
    private static partial Regex Listening();

    /// <summary>Whether a package is the one that is named, or one of a family, <c>Family.*</c>.</summary>
    private static bool IsIn(string package, string name) =>
        name.EndsWith('*') ? package.StartsWith(name.TrimEnd('*'), StringComparison.Ordinal) : package == name;

    private static XDocument Nuspec(ZipArchive package)
    {
        using var nuspec = package.Entries.Single(entry => entry.FullName.EndsWith(".nuspec", StringComparison.Ordinal)).Open();
        return XDocument.Load(nuspec);
    }

    private static List<string> Needed(ZipArchive package) =>
        [.. Nuspec(package).Descendants().Where(element => element.Name.LocalName == "dependency").Select(element => element.Attribute("id")!.Value)];

    private static Dictionary<string, string> Metadata(ZipArchive package) =>
        Nuspec(package).Root!.Elements().Single().Elements().ToDictionary(element => element.Name.LocalName, element => element.Value, StringComparer.Ordinal);

    private static async Task<string> ReadmeLinesAsync()
    {
        var readme = (await File.ReadAllTextAsync(Path.Combine(PackedFeed.Root, "README.md"))).ReplaceLineEndings("\n");
        return UseIt().Match(readme).Groups["lines"].Value;
    }

    private static async Task<Uri> AddressAsync(Process process)
    {
        while (await process.StandardOutput.ReadLineAsync().WaitAsync(DotNet.Patience) is { } line)
        {
            if (Listening().Match(line) is { Success: true } match) return new Uri(match.Groups["address"].Value);
        }

        throw new InvalidOperationException($"The web app ended before it listened: {await process.StandardError.ReadToEndAsync()}");
    }

    private static async Task<T> ReadAsync<T>(string path) => JsonSerializer.Deserialize<T>(await File.ReadAllTextAsync(path))!;

    private sealed record Noted(string Text, int Streamed, long Counted);
}
