using System.Reflection;

namespace Helios.Sdk.Tests.PublicApi;

/// <summary>Types as C# writes them, without namespaces, with what is known of nulls.</summary>
internal static class TypeNames
{
    private static readonly Dictionary<Type, string> Keywords = new (Type Type, string Keyword)[]
    {
        (typeof(void), "void"), (typeof(object), "object"), (typeof(string), "string"), (typeof(bool), "bool"), (typeof(char), "char"),
        (typeof(byte), "byte"), (typeof(sbyte), "sbyte"), (typeof(short), "short"), (typeof(ushort), "ushort"), (typeof(int), "int"), (typeof(uint), "uint"),
        (typeof(long), "long"), (typeof(ulong), "ulong"), (typeof(nint), "nint"), (typeof(nuint), "nuint"),
        (typeof(float), "float"), (typeof(double), "double"), (typeof(decimal), "decimal"),
    }.ToDictionary(pair => pair.Type, pair => pair.Keyword);

    /// <summary>A type where it is used.</summary>
    public static string Of(Type type, NullabilityInfo? nulls = null)
    {
        if (type.IsByRef) return Of(type.GetElementType()!, nulls);
        if (Nullable.GetUnderlyingType(type) is { } value) return Plain(value, nulls) + "?";
        return Plain(type, nulls) + (nulls?.ReadState == NullabilityState.Nullable && !type.IsValueType ? "?" : "");
    }

    private static string Plain(Type type, NullabilityInfo? nulls)
    {
        if (Keywords.TryGetValue(type, out var keyword)) return keyword;
        if (type.IsArray) return Of(type.GetElementType()!, nulls?.ElementType) + "[]";
        if (type.IsPointer) return Of(type.GetElementType()!) + "*";
        if (type.IsGenericParameter) return type.Name;
        var name = type.Name.Split('`')[0];
        if (type.IsGenericType)
        {
            var inner = type.GetGenericArguments().Select((argument, i) => Of(argument, nulls?.GenericTypeArguments.ElementAtOrDefault(i)));
            name += $"<{string.Join(", ", inner)}>";
        }

        return type.DeclaringType is { } outer ? $"{Plain(outer, null)}.{name}" : name;
    }
}
