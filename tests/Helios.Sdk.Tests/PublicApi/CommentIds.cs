using System.Reflection;

namespace Helios.Sdk.Tests.PublicApi;

/// <summary>Names of types and members as the compiler writes them into documentation files.</summary>
internal static class CommentIds
{
    public static string Of(MemberInfo member) => member switch
    {
        Type type => $"T:{Name(type)}",
        FieldInfo => $"F:{Owner(member)}.{member.Name}",
        EventInfo => $"E:{Owner(member)}.{member.Name}",
        PropertyInfo property => $"P:{Owner(member)}.{member.Name}{Parameters(property.GetIndexParameters())}",
        ConstructorInfo constructor => $"M:{Owner(member)}.#ctor{Parameters(constructor.GetParameters())}",
        MethodInfo method => $"M:{Owner(member)}.{member.Name}{(method.IsGenericMethod ? $"``{method.GetGenericArguments().Length}" : "")}{Parameters(method.GetParameters())}",
        _ => throw new NotSupportedException($"A {member.MemberType} has no comment."),
    };

    private static string Owner(MemberInfo member) => Name(member.DeclaringType!);

    private static string Name(Type type) => (type.FullName ?? $"{type.Namespace}.{type.Name}").Replace('+', '.');

    private static string Parameters(ParameterInfo[] parameters) =>
        parameters.Length == 0 ? "" : $"({string.Join(',', parameters.Select(parameter => Used(parameter.ParameterType)))})";

    private static string Used(Type type)
    {
        if (type.IsByRef) return $"{Used(type.GetElementType()!)}@";
        if (type.IsPointer) return $"{Used(type.GetElementType()!)}*";
        if (type.IsArray) return $"{Used(type.GetElementType()!)}[]";
        if (type.IsGenericParameter) return $"{(type.DeclaringMethod is null ? "`" : "``")}{type.GenericParameterPosition}";
        if (!type.IsGenericType) return Name(type);
        return $"{Name(type.GetGenericTypeDefinition()).Split('`')[0]}{{{string.Join(',', type.GetGenericArguments().Select(Used))}}}";
    }
}
