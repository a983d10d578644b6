using System.Reflection;
using System.Text.RegularExpressions;
using System.Xml.Linq;

namespace Helios.Sdk.Tests.PublicApi;

/// <summary>Documentation comments, as lines of markdown that may stand in a table.</summary>
internal sealed partial class XmlComments
{
    private readonly Dictionary<string, XElement> members;

    // A file of internal code may be compiled into two libraries: its comments are there twice.
    private XmlComments(IEnumerable<XDocument> documents) =>
        members = documents.SelectMany(document => document.Descendants("member")).DistinctBy(Name, StringComparer.Ordinal).ToDictionary(Name, StringComparer.Ordinal);

    /// <summary>Reads the files that were built beside assemblies.</summary>
    public static XmlComments Of(IEnumerable<Assembly> assemblies) => new(assemblies.Select(assembly => XDocument.Load(Path.ChangeExtension(assembly.Location, ".xml"), LoadOptions.PreserveWhitespace)));

    public static XmlComments Parse(string document) => new([XDocument.Parse(document, LoadOptions.PreserveWhitespace)]);

    private static string Name(XElement member) => member.Attribute("name")!.Value;

    /// <summary>What is said of a type or member: summary, parameters, result, exceptions. Null when nothing is.</summary>
    public string? Of(MemberInfo member)
    {
        if (!members.TryGetValue(CommentIds.Of(member), out var comment)) return null;
        if (comment.Element("inheritdoc") is not { } inherit) return Text(comment, member);
        if (inherit.Attribute("cref")?.Value is { } cref) return members.TryGetValue(cref, out var named) ? Text(named, member) : $"See {Reference(cref)}.";
        if (Inherited(member) is not { } origin) return null;
        return Of(origin) ?? $"See {Reference(CommentIds.Of(origin))}.";
    }

    /// <summary>The member that this one overrides or implements.</summary>
    private static MemberInfo? Inherited(MemberInfo member)
    {
        if (member is PropertyInfo property && Inherited(property.GetAccessors()[0]) is MethodInfo accessor)
            return accessor.DeclaringType!.GetProperties().First(it => it.GetAccessors().Contains(accessor));
        if (member is not MethodInfo method) return null;
        if (method.GetBaseDefinition() is { } origin && origin != method) return origin;
        return method.DeclaringType!.GetInterfaces().Select(method.DeclaringType.GetInterfaceMap)
            .SelectMany(map => map.TargetMethods.Zip(map.InterfaceMethods))
            .FirstOrDefault(pair => pair.First == method).Second is { } declared ? Definition(declared) : null;
    }

    private static MethodInfo Definition(MethodInfo method) => method.DeclaringType is { IsConstructedGenericType: true } type
        ? (MethodInfo)type.GetGenericTypeDefinition().GetMemberWithSameMetadataDefinitionAs(method)
        : method;

    private string Text(XElement comment, MemberInfo member)
    {
        var said = IsSaidOfItsType(comment, member) ? [] : comment.Elements("summary").Concat(comment.Elements("remarks")).Select(Line);
        var parameters = IsSaidOfProperties(member) ? [] : comment.Elements("param").Select(parameter => $"`{parameter.Attribute("name")!.Value}`: {Line(parameter)}");
        var result = comment.Elements("returns").Select(returns => $"Returns: {Line(returns)}");
        var exceptions = comment.Elements("exception").Select(exception => $"{Reference(exception.Attribute("cref")!.Value)}: {Line(exception)}");
        return string.Join("<br>", said.Concat(parameters).Concat(result).Concat(exceptions));
    }

    /// <summary>The compiler repeats the comment of a type at its primary constructor.</summary>
    private bool IsSaidOfItsType(XElement comment, MemberInfo member) =>
        member is ConstructorInfo { DeclaringType: { } type } && members.TryGetValue(CommentIds.Of(type), out var whole) && whole.Element("summary")?.Value == comment.Element("summary")?.Value;

    /// <summary>Parameters of a primary constructor stand at the constructor, those of a record at its properties.</summary>
    private static bool IsSaidOfProperties(MemberInfo member) =>
        member is Type || member is ConstructorInfo { DeclaringType: { } type } && type.GetMethod("PrintMembers", BindingFlags.NonPublic | BindingFlags.Instance) is not null;

    private static string Line(XElement element) => Spaces().Replace(Inline(element), " ").Trim().Replace("|", "\\|", StringComparison.Ordinal);

    private static string Inline(XElement element) => string.Concat(element.Nodes().Select(node => node switch
    {
        XText text => text.Value.Replace("<", "&lt;", StringComparison.Ordinal).Replace("*", "\\*", StringComparison.Ordinal),
        XElement { Name.LocalName: "see" or "seealso" } see => see.Attribute("cref")?.Value is { } cref ? Reference(cref) : $"`{see.Attribute("langword")?.Value}`",
        XElement { Name.LocalName: "paramref" or "typeparamref" } named => $"`{named.Attribute("name")!.Value}`",
        XElement { Name.LocalName: "c" or "code" } code => $"`{code.Value}`",
        XElement { Name.LocalName: "para" or "br" } paragraph => $" {Inline(paragraph)} ",
        XElement { Name.LocalName: "em" } stressed => $"*{Inline(stressed)}*",
        XElement other => throw new NotSupportedException($"<{other.Name}> in a comment is not known here."),
        _ => "",
    }));

    /// <summary>A type by its name, a member with its type's.</summary>
    private static string Reference(string id)
    {
        var names = Arity().Replace(id.Split('(')[0][2..], "").Split('.');
        return $"`{string.Join('.', names[(id[0] == 'T' ? ^1 : ^2)..]).Replace(".#ctor", "", StringComparison.Ordinal)}`";
    }

    [GeneratedRegex(@"\s+", RegexOptions.None, matchTimeoutMilliseconds: 1000)]
    private static partial Regex Spaces();

    [GeneratedRegex(@"`+\d+", RegexOptions.None, matchTimeoutMilliseconds: 1000)]
    private static partial Regex Arity();
}
