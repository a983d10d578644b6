using Microsoft.CodeAnalysis;

namespace Helios.Samples.Tests;

/// <summary>What the documentation shows compiles, and its programs run. (The README's is run from the packages, by their tests.)</summary>
public sealed class SnippetTests
{
    [Fact]
    public void Every_snippet_compiles()
    {
        Snippet.All.Select(snippet => snippet.File).Should().Contain(["README.md", "docs/getting-started.md", "src/Helios.Sdk/README.md"]);
        var errors = Snippet.All.SelectMany(snippet => SnippetCompiler.Compile(snippet).GetDiagnostics()
            .Where(diagnostic => diagnostic.Severity == DiagnosticSeverity.Error)
            .Select(diagnostic => $"{snippet}: {diagnostic.GetMessage()}"));
        errors.Should().BeEmpty();
    }

    [Fact]
    public void A_snippet_that_does_not_compile_is_seen()
    {
        var snippet = new Snippet("page.md", 1, "engine.Guess();");
        SnippetCompiler.Compile(snippet).GetDiagnostics().Should().Contain(diagnostic => diagnostic.Id == "CS1061");
    }

    [Fact]
    public async Task Programs_of_getting_started_run()
    {
        var programs = Snippet.All.Where(snippet => snippet is { File: "docs/getting-started.md", IsProgram: true }).ToList();
        programs.Should().NotBeEmpty();
        foreach (var program in programs) (await RunAsync(program)).Should().NotBeNullOrWhiteSpace();
    }

    /// <summary>Beside the tests, with what they run with.</summary>
    private static async Task<string> RunAsync(Snippet snippet)
    {
        var name = $"snippet-{snippet.Line}";
        var (folder, tests) = (AppContext.BaseDirectory, typeof(SnippetTests).Assembly.GetName().Name);
        var file = Path.Combine(folder, $"{name}.dll");
        SnippetCompiler.Compile(snippet, name).Emit(file).Success.Should().BeTrue();
        try
        {
            return await Sample.SucceedAsync(
                "exec", "--depsfile", Path.Combine(folder, $"{tests}.deps.json"), "--runtimeconfig", Path.Combine(folder, $"{tests}.runtimeconfig.json"), file, Path.Combine("samples", "models"));
        }
        finally
        {
            File.Delete(file);
        }
    }
}
