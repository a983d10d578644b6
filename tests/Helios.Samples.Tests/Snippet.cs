using System.Text.RegularExpressions;

namespace Helios.Samples.Tests;

/// <summary>
/// C# of the documentation: every block fenced as <c>csharp</c>, and as <c>csharp torch</c> where the TorchSharp backend is compiled. What is
/// not meant to compile has another fence.
/// </summary>
/// <param name="File">Path in the repository.</param>
/// <param name="Line">Line of its fence, from 1.</param>
/// <param name="Code">What stands between the fences.</param>
internal sealed partial record Snippet(string File, int Line, string Code)
{
    /// <summary>A program says all that it uses; anything else stands among what its page has said before.</summary>
    public bool IsProgram => Code.StartsWith("using Helios.", StringComparison.Ordinal);

    /// <summary>All snippets of the repository's pages, in the order of files and lines.</summary>
    public static IReadOnlyList<Snippet> All { get; } =
    [
        .. Pages.All.SelectMany(page => Fenced().Matches(page.Text)
            .Where(match => !match.Groups["torch"].Success || SnippetCompiler.HasTorchSharp)
            .Select(match => new Snippet(page.File, page.Text.AsSpan(0, match.Index).Count('\n') + 1, match.Groups["code"].Value))),
    ];

    public override string ToString() => $"{File}:{Line}";

    [GeneratedRegex(@"^```csharp(?<torch> torch)?\n(?<code>.*?)^```", RegexOptions.Multiline | RegexOptions.Singleline, matchTimeoutMilliseconds: 1000)]
    private static partial Regex Fenced();
}
