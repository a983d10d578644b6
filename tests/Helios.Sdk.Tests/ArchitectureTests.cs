using System.Reflection;
using System.Runtime.CompilerServices;
using System.Text.RegularExpressions;
using System.Xml.Linq;
using Helios.Sdk.Cpu;
using Helios.Sdk.Simulation;

namespace Helios.Sdk.Tests;

/// <summary>Who may see whom, and how large a file may grow.</summary>
public partial class ArchitectureTests
{
    private const BindingFlags Everything = BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.Instance | BindingFlags.Static | BindingFlags.DeclaredOnly;

    private static readonly Assembly Abstractions = typeof(GenerationRequest).Assembly;
    private static readonly Assembly Engine = typeof(HeliosEngine).Assembly;
    private static readonly Assembly Cpu = typeof(CpuBackend).Assembly;
    private static readonly Assembly Testing = typeof(ManualClock).Assembly;
    private static readonly Assembly Simulation = typeof(Simulator).Assembly;

    [Fact]
    public void Abstractions_reference_the_base_class_library_alone() =>
        References(Abstractions).Should().NotBeEmpty().And.OnlyContain(name => name.StartsWith("System.", StringComparison.Ordinal));

    [Fact]
    public void A_backend_sees_only_the_abstractions() =>
        References(Cpu).Where(IsOurs).Should().Equal("Helios.Sdk.Abstractions");

    /// <summary>By its project file: it is compiled only where its package is.</summary>
    [Fact]
    public void The_TorchSharp_backend_sees_only_the_abstractions_and_torch()
    {
        var project = XDocument.Load(Path.Combine(TestData.Root, "src", "Helios.Sdk.TorchSharp", "Helios.Sdk.TorchSharp.csproj"));
        Included(project, "ProjectReference").Should().Equal("../Helios.Sdk.Abstractions/Helios.Sdk.Abstractions.csproj");
        Included(project, "PackageReference").Should().Equal("TorchSharp");
    }

    /// <summary>By its project file: tests of the engine see its internals, and those of the package have the same names.</summary>
    [Fact]
    public void Tokenizers_by_Microsoft_see_only_the_abstractions_and_Microsofts()
    {
        var project = XDocument.Load(Path.Combine(TestData.Root, "src", "Helios.Sdk.MicrosoftTokenizers", "Helios.Sdk.MicrosoftTokenizers.csproj"));
        Included(project, "ProjectReference").Should().Equal("../Helios.Sdk.Abstractions/Helios.Sdk.Abstractions.csproj");
        Included(project, "PackageReference").Should().Equal("Microsoft.ML.Tokenizers");
    }

    [Fact]
    public void What_backends_share_names_none_of_them()
    {
        var shared = Code("src/Helios.Sdk.Abstractions/Backends/Building").ToList();
        shared.Should().NotBeEmpty();
        shared.Where(file => file.Text.Contains("Helios.Sdk.Cpu", StringComparison.Ordinal) || file.Text.Contains("torch", StringComparison.OrdinalIgnoreCase)).Select(file => file.Path).Should().BeEmpty();
    }

    [Fact]
    public void Test_doubles_see_only_the_abstractions() =>
        References(Testing).Where(IsOurs).Should().Equal("Helios.Sdk.Abstractions");

    [Fact]
    public void A_simulation_sees_the_engine_and_brings_a_backend_of_its_own() =>
        References(Simulation).Where(IsOurs).Should().BeEquivalentTo("Helios.Sdk", "Helios.Sdk.Abstractions");

    /// <summary>What is shipped uses the engine as any app does; a simulation alone composes the engine's own loops.</summary>
    [Fact]
    public void The_engine_shows_its_internals_to_no_shipped_tool() =>
        Friends(Engine).Where(friend => Directory.Exists(Path.Combine(TestData.Root, "src", friend))).Should().Equal("Helios.Sdk.Simulation");

    [Fact]
    public void Abstractions_and_backends_show_their_internals_to_nothing_that_is_shipped() =>
        new[] { Abstractions, Cpu, Testing, Simulation }.SelectMany(Friends).Where(friend => Directory.Exists(Path.Combine(TestData.Root, "src", friend))).Should().BeEmpty();

    [Fact]
    public void Libraries_say_that_they_may_be_trimmed() =>
        new[] { Abstractions, Engine, Cpu, Testing, Simulation }.Should().AllSatisfy(library =>
            library.GetCustomAttributes<AssemblyMetadataAttribute>().Should().Contain(said => said.Key == "IsTrimmable" && said.Value == "True"));

    [Fact]
    public void The_engine_names_no_backend()
    {
        References(Engine).Where(IsOurs).Should().Equal("Helios.Sdk.Abstractions");

        // Messages and reports may say where a backend is to be had; one table knows.
        Code("src/Helios.Sdk").Where(file => !file.Path.EndsWith("KnownBackends.cs", StringComparison.Ordinal))
            .Where(file => file.Text.Contains("Helios.Sdk.Cpu", StringComparison.Ordinal) || file.Text.Contains("TorchSharp", StringComparison.Ordinal))
            .Select(file => file.Path).Should().BeEmpty();
    }

    [Fact]
    public void The_sources_of_serving_never_name_adaptation()
    {
        Code("src/Helios.Sdk/Hosting").Count(file => NamesAdaptation().IsMatch(file.Text)).Should().BePositive("the search finds what is there");
        var serving = Code("src/Helios.Sdk/Serving").ToList();
        serving.Should().HaveCountGreaterThan(15);
        serving.Where(file => NamesAdaptation().IsMatch(file.Text)).Select(file => file.Path).Should().BeEmpty();
    }

    [Fact]
    public void The_types_of_serving_use_no_type_of_adaptation()
    {
        var adaptation = Engine.GetTypes().Where(type => IsIn(type, "Helios.Sdk.Adaptation")).ToList();
        adaptation.SelectMany(Used).Any(type => IsIn(type, "Helios.Sdk.Adaptation")).Should().BeTrue("the search finds what is there");
        var serving = Engine.GetTypes().Where(type => IsIn(type, "Helios.Sdk.Serving")).ToList();
        serving.Should().HaveCountGreaterThan(20);
        serving.Where(type => Used(type).Any(used => IsIn(used, "Helios.Sdk.Adaptation"))).Should().BeEmpty();
    }

    [Fact]
    public void Libraries_never_write_to_the_console()
    {
        var libraries = Directory.GetDirectories(Path.Combine(TestData.Root, "src"), "Helios.Sdk*").Select(Path.GetFileName).ToList();
        libraries.Should().HaveCountGreaterThanOrEqualTo(3);
        libraries.SelectMany(library => Code($"src/{library}")).Where(file => UsesConsole().IsMatch(file.Text)).Select(file => file.Path).Should().BeEmpty();
    }

    [Fact]
    public void No_source_file_is_longer_than_400_lines()
    {
        var files = Code("src").ToList();
        files.Should().HaveCountGreaterThan(100);
        files.Where(file => file.Lines > 400).Select(file => $"{file.Path}: {file.Lines} lines").Should().BeEmpty();
    }

    [Fact]
    public void Tests_never_sleep()
    {
        var files = Code("tests/Helios.Sdk.Tests").ToList();
        files.Should().HaveCountGreaterThan(50);
        files.Where(file => Sleeps().IsMatch(file.Text)).Select(file => file.Path).Should().BeEmpty();
    }

    [GeneratedRegex(@"\bAdaptation\.", RegexOptions.None, matchTimeoutMilliseconds: 1000)]
    private static partial Regex NamesAdaptation();

    [GeneratedRegex(@"\bConsole\.", RegexOptions.None, matchTimeoutMilliseconds: 1000)]
    private static partial Regex UsesConsole();

    [GeneratedRegex(@"\bThread\.Sleep\(|\bTask\.Delay\(", RegexOptions.None, matchTimeoutMilliseconds: 1000)]
    private static partial Regex Sleeps();

    [GeneratedRegex(@"^\s*//.*$", RegexOptions.Multiline, matchTimeoutMilliseconds: 1000)]
    private static partial Regex Comments();

    private static IEnumerable<string> Friends(Assembly assembly) => assembly.GetCustomAttributes<InternalsVisibleToAttribute>().Select(friend => friend.AssemblyName);

    private static IEnumerable<string> References(Assembly assembly) => assembly.GetReferencedAssemblies().Select(name => name.Name!);

    private static IEnumerable<string> Included(XDocument project, string kind) => project.Descendants(kind).Select(item => item.Attribute("Include")!.Value);

    private static bool IsOurs(string assembly) => assembly.StartsWith("Helios.", StringComparison.Ordinal);

    private static bool IsIn(Type type, string folder) => type.Namespace is { } name && (name == folder || name.StartsWith(folder + ".", StringComparison.Ordinal));

    /// <summary>Our source files under a folder, without what a build writes, and without comments.</summary>
    private static IEnumerable<(string Path, string Text, int Lines)> Code(string folder)
    {
        var separator = Path.DirectorySeparatorChar;
        foreach (var file in Directory.EnumerateFiles(Path.Combine(TestData.Root, folder), "*.cs", SearchOption.AllDirectories))
        {
            var path = Path.GetRelativePath(TestData.Root, file);
            if (path.Contains($"{separator}obj{separator}", StringComparison.Ordinal) || path.Contains($"{separator}bin{separator}", StringComparison.Ordinal)) continue;
            var text = File.ReadAllText(file);
            yield return (path, Comments().Replace(text, ""), text.AsSpan().Count('\n'));
        }
    }

    /// <summary>What a type's bases, fields, signatures and locals name, generic arguments and elements of arrays included.</summary>
    private static IEnumerable<Type> Used(Type type)
    {
        var named = new List<Type?> { type.BaseType };
        named.AddRange(type.GetInterfaces());
        named.AddRange(type.GetFields(Everything).Select(field => field.FieldType));
        foreach (var method in type.GetMethods(Everything).Cast<MethodBase>().Concat(type.GetConstructors(Everything)))
        {
            named.AddRange(method.GetParameters().Select(parameter => parameter.ParameterType));
            if (method is MethodInfo returning) named.Add(returning.ReturnType);
            if (method.GetMethodBody() is { } body) named.AddRange(body.LocalVariables.Select(local => local.LocalType));
        }

        return named.OfType<Type>().SelectMany(Flatten).Distinct();
    }

    private static IEnumerable<Type> Flatten(Type type)
    {
        yield return type;
        if (type.GetElementType() is { } element)
        {
            foreach (var inner in Flatten(element)) yield return inner;
        }

        foreach (var argument in type.GetGenericArguments().Where(argument => !argument.IsGenericParameter))
        {
            foreach (var inner in Flatten(argument)) yield return inner;
        }
    }
}
