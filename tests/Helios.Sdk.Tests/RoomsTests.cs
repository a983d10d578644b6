namespace Helios.Sdk.Tests;

/// <summary>Inside every project dependencies go one way: between folders, and between a folder and those in it.</summary>
public class RoomsTests
{
    private static readonly string[] Platform = [.. ((string)AppContext.GetData("TRUSTED_PLATFORM_ASSEMBLIES")!).Split(Path.PathSeparator)];

    [Theory]
    [InlineData("Helios.Sdk.Abstractions", 10)]
    [InlineData("Helios.Sdk", 150)]
    [InlineData("Helios.Cli", 25)]
    [InlineData("Helios.Sdk.Cpu", 10)]
    [InlineData("Helios.Sdk.TorchSharp", 8)]
    [InlineData("Helios.Sdk.MicrosoftTokenizers", 3)]
    public void Folders_use_each_other_in_one_direction(string project, int least)
    {
        var rooms = Read(project);
        rooms.Uses.Should().BeGreaterThanOrEqualTo(least, "what is there is found");
        rooms.Circles().Should().BeEmpty();
    }

    [Fact]
    public void Two_folders_that_use_each_other_are_named_with_their_files_and_types()
    {
        var circles = Of(
            ("Loops/Step.cs", "namespace A.Loops; class Step { public const int Count = 1; A.Memory.Block block; }"),
            ("Memory/Block.cs", "namespace A.Memory; class Block { static int Size => A.Loops.Step.Count; }"),
            ("Memory/Free.cs", "namespace A.Memory; class Free { A.Time.Clock clock; }"),
            ("Time/Clock.cs", "namespace A.Time; class Clock;")).Circles();

        circles.Should().Equal("Loops -> Memory: Step.cs (Block)", "Memory -> Loops: Block.cs (Step)");
    }

    [Fact]
    public void A_folder_and_one_in_it_are_a_circle_though_no_using_line_shows_it() =>
        Of(
            ("Serving/Loop.cs", "namespace A.Serving; class Loop { A.Serving.Requests.Request request; }"),
            ("Serving/Requests/Request.cs", "namespace A.Serving.Requests; class Request { Loop loop; }"))
            .Circles().Should().HaveCount(2);

    [Fact]
    public void A_longer_circle_is_found_and_what_only_leads_to_it_is_not_part_of_it() =>
        Of(
            ("A/A.cs", "class A { B b; }"),
            ("B/B.cs", "class B { C c; }"),
            ("C/C.cs", "static class CExtensions { public static void Go(this D d) { } } class C { void Run(D d) => d.Go(); }"),
            ("D/D.cs", "class D { B b; }"),
            ("Top.cs", "class Top { A a; }"))
            .Circles().Should().Equal("B -> C: B.cs (C)", "C -> D: C.cs (D)", "D -> B: D.cs (B)");

    private static Rooms Of(params (string Path, string Text)[] files) => Rooms.Of(files, "", Platform);

    private static Rooms Read(string project)
    {
        var root = Path.Combine(TestData.Root, "src", project);
        var files = Directory.EnumerateFiles(root, "*.cs", SearchOption.AllDirectories)
            .Select(file => (Path: Path.GetRelativePath(root, file).Replace('\\', '/'), File: file))
            .Where(file => !file.Path.StartsWith("obj/", StringComparison.Ordinal) && !file.Path.StartsWith("bin/", StringComparison.Ordinal))
            .Select(file => (file.Path, File.ReadAllText(file.File)));

        // The same for all libraries, and the engine is built whenever its tests are.
        var usings = Directory.EnumerateFiles(Path.Combine(TestData.Root, "src", "Helios.Sdk", "obj"), "*.GlobalUsings.g.cs", SearchOption.AllDirectories).First();

        // What the tests of a project stand beside is all that it uses; its own assembly would declare every type twice.
        var beside = Path.Combine(TestData.Root, "tests", $"{project}.Tests", Path.GetRelativePath(Path.Combine(TestData.Root, "tests", "Helios.Sdk.Tests"), AppContext.BaseDirectory));
        var own = Directory.Exists(beside) ? Directory.EnumerateFiles(beside, "*.dll").Where(IsManaged) : [];
        var references = Platform.Concat(own)
            .Where(path => Path.GetFileNameWithoutExtension(path) is var name && name != project && !name.EndsWith(".Tests", StringComparison.Ordinal))
            .DistinctBy(Path.GetFileName, StringComparer.Ordinal);
        return Rooms.Of(files, File.ReadAllText(usings), references);
    }

    private static bool IsManaged(string path)
    {
        using var file = File.OpenRead(path);
        using var pe = new System.Reflection.PortableExecutable.PEReader(file);
        return pe.HasMetadata;
    }
}
