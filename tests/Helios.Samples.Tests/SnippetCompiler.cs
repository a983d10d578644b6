using System.Collections.Immutable;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.CSharp.Syntax;

namespace Helios.Samples.Tests;

/// <summary>Compiles snippets against everything that the tests run with.</summary>
internal static class SnippetCompiler
{
    private static readonly CSharpParseOptions Parsing = new(LanguageVersion.Latest);

    private static readonly string[] Assemblies = ((string)AppContext.GetData("TRUSTED_PLATFORM_ASSEMBLIES")!).Split(Path.PathSeparator);

    private static readonly ImmutableArray<MetadataReference> References = [.. Assemblies.Select(path => MetadataReference.CreateFromFile(path))];

    /// <summary>What <c>ImplicitUsings</c> gives a web project.</summary>
    private static readonly SyntaxTree ImplicitUsings = Parse("""
        global using System;
        global using System.Collections.Generic;
        global using System.IO;
        global using System.Linq;
        global using System.Net.Http;
        global using System.Threading;
        global using System.Threading.Tasks;
        global using Microsoft.AspNetCore.Builder;
        global using Microsoft.AspNetCore.Hosting;
        global using Microsoft.AspNetCore.Http;
        global using Microsoft.AspNetCore.Routing;
        global using Microsoft.Extensions.Configuration;
        global using Microsoft.Extensions.DependencyInjection;
        global using Microsoft.Extensions.Hosting;
        global using Microsoft.Extensions.Logging;
        """);

    /// <summary>What pages take as said: the namespaces, and variables by the names they always have. Locals hide them.</summary>
    private static readonly SyntaxTree Ambience = Parse("""
        global using Helios.Sdk;
        global using Helios.Sdk.Testing;
        global using Microsoft.AspNetCore.Diagnostics.HealthChecks;
        global using Microsoft.Extensions.AI;
        global using OpenTelemetry;
        global using OpenTelemetry.Metrics;
        global using OpenTelemetry.Trace;
        global using Xunit;
        global using static Ambient;

        internal static class Ambient
        {
            public static readonly HeliosBuilder helios = null!;
            public static readonly HeliosEngine engine = null!;
            public static readonly IHeliosClient client = null!;
            public static readonly IServiceCollection services = null!;
            public static readonly IServiceProvider provider = null!;
            public static readonly WebApplicationBuilder builder = null!;
            public static readonly WebApplication app = null!;
            public static readonly string path = "";
            public static readonly CancellationToken cancellationToken = default;
        }
        """);

    /// <summary>Whether this build has the TorchSharp backend.</summary>
    public static bool HasTorchSharp { get; } = Array.Exists(Assemblies, path => Path.GetFileName(path) == "Helios.Sdk.TorchSharp.dll");

    /// <summary>Compiles a snippet: as a program where it has statements, else as a library.</summary>
    public static CSharpCompilation Compile(Snippet snippet, string name = "Snippet")
    {
        var code = Parse(snippet.Code).GetCompilationUnitRoot();
        var kind = code.Members.Any(IsStatement) ? OutputKind.ConsoleApplication : OutputKind.DynamicallyLinkedLibrary;
        return CSharpCompilation.Create(
            name,
            snippet.IsProgram ? [code.SyntaxTree, ImplicitUsings] : [StatementsFirst(code), ImplicitUsings, Ambience],
            References,
            new CSharpCompilationOptions(kind, nullableContextOptions: NullableContextOptions.Enable, optimizationLevel: OptimizationLevel.Release));
    }

    /// <summary>Pages declare a type where it is first spoken of; the language wants statements before types.</summary>
    private static SyntaxTree StatementsFirst(CompilationUnitSyntax code) =>
        Parse(code.WithMembers([.. code.Members.OrderByDescending(IsStatement)]).ToFullString());

    private static bool IsStatement(MemberDeclarationSyntax member) => member is GlobalStatementSyntax;

    private static SyntaxTree Parse(string code) => CSharpSyntaxTree.ParseText(code, Parsing);
}
