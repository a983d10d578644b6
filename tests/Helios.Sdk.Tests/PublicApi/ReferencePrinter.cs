using System.Globalization;
using System.Reflection;
using System.Text;

namespace Helios.Sdk.Tests.PublicApi;

/// <summary>Prints what an assembly offers with what its documentation comments say of it, as a page of markdown.</summary>
internal static class ReferencePrinter
{
    public static string Print(Assembly assembly, XmlComments comments)
    {
        var (api, page) = (new ApiPrinter(), new StringBuilder());
        page.Append(CultureInfo.InvariantCulture, $"# {assembly.GetName().Name}\n\nMade from the documentation comments; do not edit. [All pages](../README.md).\n");
        foreach (var type in ApiPrinter.InOrder(assembly.GetExportedTypes()))
        {
            page.Append(CultureInfo.InvariantCulture, $"\n## {TypeNames.Of(type)}\n\n`{ApiPrinter.Declaration(type)}`\n\n{comments.Of(type)?.Replace("<br>", "\n\n", StringComparison.Ordinal)}\n");
            var members = api.Members(type).Select(member => (member.Member, member.Line, Comment: comments.Of(member.Member))).Where(IsWorthALine)
                .OrderBy(member => member.Member.Name, StringComparer.Ordinal).ThenBy(member => member.Line, StringComparer.Ordinal).ToList();
            if (members.Count > 0) page.Append("\n| member | |\n|---|---|\n");
            foreach (var (_, line, comment) in members) page.Append(CultureInfo.InvariantCulture, $"| `{line.Replace("|", "\\|", StringComparison.Ordinal)}` | {comment} |\n");
        }

        return page.ToString();
    }

    /// <summary>A constructor that nobody has written, or that only takes a record's members, says nothing.</summary>
    private static bool IsWorthALine((MemberInfo Member, string Line, string? Comment) member) => member is not { Member: ConstructorInfo, Comment: null };
}
