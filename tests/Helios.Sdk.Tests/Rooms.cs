using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.CSharp.Syntax;

namespace Helios.Sdk.Tests;

/// <summary>
/// The folders of a project and which of them use which: a folder uses another one when a type declared in it names a type, or a
/// member of a type, declared there. By symbols, as the compiler resolves them: <c>using</c> lines miss parents and children.
/// </summary>
internal sealed class Rooms
{
    /// <summary>By user and used folder: the files of the user, each with the types that it uses there.</summary>
    private readonly SortedDictionary<(string From, string To), SortedDictionary<string, SortedSet<string>>> uses = [];

    private Rooms()
    {
    }

    /// <summary>How many folders use another one.</summary>
    public int Uses => uses.Count;

    /// <summary>Reads the sources of a project.</summary>
    /// <param name="files">Path within the project, with forward slashes, and text.</param>
    /// <param name="globalUsings">What every file uses.</param>
    /// <param name="references">Assemblies that the project uses; a missing one hides only what its types infer.</param>
    public static Rooms Of(IEnumerable<(string Path, string Text)> files, string globalUsings, IEnumerable<string> references)
    {
        var options = new CSharpParseOptions(LanguageVersion.Preview);
        var trees = files.Select(file => CSharpSyntaxTree.ParseText(file.Text, options, file.Path)).ToList();
        var compilation = CSharpCompilation.Create(
            "rooms",
            [.. trees, CSharpSyntaxTree.ParseText(globalUsings, options)],
            references.Select(path => MetadataReference.CreateFromFile(path)),
            new CSharpCompilationOptions(OutputKind.DynamicallyLinkedLibrary, allowUnsafe: true));
        var rooms = new Rooms();
        foreach (var tree in trees) rooms.Add(tree, compilation.GetSemanticModel(tree));
        return rooms;
    }

    /// <summary>Every use that is part of a circle of folders, as <c>A -> B: File.cs (Type)</c>.</summary>
    public IReadOnlyList<string> Circles()
    {
        var reach = uses.Keys.Select(use => use.From).Distinct(StringComparer.Ordinal).ToDictionary(room => room, Reachable, StringComparer.Ordinal);
        return
        [
            .. uses.Where(use => reach.TryGetValue(use.Key.To, out var back) && back.Contains(use.Key.From))
                .Select(use => $"{use.Key.From} -> {use.Key.To}: {string.Join("; ", use.Value.Select(file => $"{file.Key} ({string.Join(", ", file.Value)})"))}"),
        ];
    }

    private HashSet<string> Reachable(string room)
    {
        var seen = new HashSet<string>(StringComparer.Ordinal);
        var next = new Stack<string>([room]);
        while (next.TryPop(out var at))
        {
            foreach (var (_, to) in uses.Keys.Where(use => use.From == at))
            {
                if (seen.Add(to)) next.Push(to);
            }
        }

        return seen;
    }

    private void Add(SyntaxTree tree, SemanticModel model)
    {
        var from = RoomOf(tree);
        foreach (var name in tree.GetRoot().DescendantNodes().OfType<SimpleNameSyntax>())
        {
            if (name.FirstAncestorOrSelf<UsingDirectiveSyntax>() is not null || Declaring(model.GetSymbolInfo(name).Symbol) is not { } type) continue;
            if (type.DeclaringSyntaxReferences is not [var declared, ..] || declared.SyntaxTree.FilePath.Length == 0 || RoomOf(declared.SyntaxTree) is var to && to == from) continue;
            if (!uses.TryGetValue((from, to), out var files)) uses[(from, to)] = files = new(StringComparer.Ordinal);
            var file = Path.GetFileName(tree.FilePath);
            if (!files.TryGetValue(file, out var types)) files[file] = types = new(StringComparer.Ordinal);
            types.Add(type.Name);
        }
    }

    /// <summary>The outermost type that a symbol is or belongs to; null when it is of no type.</summary>
    private static INamedTypeSymbol? Declaring(ISymbol? symbol)
    {
        if (symbol is IAliasSymbol alias) symbol = alias.Target;
        if (symbol is IMethodSymbol { ReducedFrom: { } extension }) symbol = extension;
        var type = symbol as INamedTypeSymbol ?? symbol?.ContainingType;
        while (type?.ContainingType is { } outer) type = outer;
        return type?.OriginalDefinition;
    }

    private static string RoomOf(SyntaxTree tree) => Path.GetDirectoryName(tree.FilePath) is { Length: > 0 } folder ? folder.Replace('\\', '/') : ".";
}
