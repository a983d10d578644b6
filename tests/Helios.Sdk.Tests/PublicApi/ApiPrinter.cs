using System.Globalization;
using System.Reflection;
using System.Runtime.CompilerServices;

namespace Helios.Sdk.Tests.PublicApi;

/// <summary>
/// Prints types and what each offers to others, public and protected, one line a member, for the reference. What a compiler adds
/// to a record is left out.
/// </summary>
internal sealed class ApiPrinter
{
    private const BindingFlags Declared = BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.Instance | BindingFlags.Static | BindingFlags.DeclaredOnly;

    private readonly NullabilityInfoContext nulls = new();

    public static IEnumerable<Type> InOrder(IEnumerable<Type> types) => types.OrderBy(type => type.FullName, StringComparer.Ordinal);

    /// <summary>The line that begins a type.</summary>
    public static string Declaration(Type type) => $"{Kind(type)} {type.Namespace}.{TypeNames.Of(type)}{Bases(type)}{Constraints(type.GetGenericArguments())}";

    /// <summary>What others see of a type, each member with its line.</summary>
    public IEnumerable<(MemberInfo Member, string Line)> Members(Type type) => Seen(type).Select(member => (member, Line(member)));

    private static IEnumerable<MemberInfo> Seen(Type type)
    {
        if (type.IsEnum) return Enum.GetNames(type).Select(name => type.GetField(name)!);
        if (type.IsSubclassOf(typeof(Delegate))) return [type.GetMethod("Invoke")!];
        return
        [
            .. type.GetConstructors(Declared).Where(IsSeen),
            .. type.GetFields(Declared).Where(field => field.IsPublic || field.IsFamily || field.IsFamilyOrAssembly),
            .. type.GetProperties(Declared).Where(property => property.GetAccessors(nonPublic: true).Any(IsSeen) && !IsGenerated(property)),
            .. type.GetEvents(Declared).Where(it => IsSeen(it.AddMethod!)),
            .. type.GetMethods(Declared).Where(method => IsSeen(method) && !IsGenerated(method) && (!method.IsSpecialName || method.Name.StartsWith("op_", StringComparison.Ordinal))),
        ];
    }

    private string Line(MemberInfo member) => member switch
    {
        FieldInfo { DeclaringType.IsEnum: true } value => $"{value.Name} = {Convert.ToInt64(value.GetRawConstantValue(), CultureInfo.InvariantCulture)}",
        FieldInfo field => Field(field),
        PropertyInfo property => Property(property),
        EventInfo it => $"event {TypeNames.Of(it.EventHandlerType!)} {it.Name}",
        ConstructorInfo constructor => $"{Access(constructor)}new({Parameters(constructor)})",
        _ => Method((MethodInfo)member),
    };

    private string Field(FieldInfo field)
    {
        var modifiers = field.IsLiteral ? "const " : (field.IsStatic ? "static " : "") + (field.IsInitOnly ? "readonly " : "");
        return $"{modifiers}{TypeNames.Of(field.FieldType, nulls.Create(field))} {field.Name}{(field.IsLiteral ? $" = {Value(field.GetRawConstantValue())}" : "")}";
    }

    private string Property(PropertyInfo property)
    {
        var accessors = property.GetAccessors(nonPublic: true).Where(IsSeen).ToList();
        var required = property.IsDefined(typeof(RequiredMemberAttribute)) ? "required " : "";
        var name = property.GetIndexParameters() is { Length: > 0 } index ? $"this[{string.Join(", ", index.Select(Parameter))}]" : property.Name;
        var get = accessors.Contains(property.GetMethod!) ? "get; " : "";
        var set = accessors.Contains(property.SetMethod!) ? (IsInit(property.SetMethod!) ? "init; " : "set; ") : "";
        return $"{required}{Modifiers(accessors[0])}{Reference(property.PropertyType)}{TypeNames.Of(property.PropertyType, nulls.Create(property))} {name} {{ {get}{set}}}";
    }

    private string Method(MethodInfo method)
    {
        var generic = method.IsGenericMethod ? $"<{string.Join(", ", method.GetGenericArguments().Select(argument => argument.Name))}>" : "";
        var constraints = method.IsGenericMethod ? Constraints(method.GetGenericArguments()) : "";
        var extends = method.IsDefined(typeof(ExtensionAttribute)) ? "this " : "";
        return $"{Modifiers(method)}{Reference(method.ReturnType)}{TypeNames.Of(method.ReturnType, nulls.Create(method.ReturnParameter))} {method.Name}{generic}({extends}{Parameters(method)}){constraints}";
    }

    private string Parameters(MethodBase method) => string.Join(", ", method.GetParameters().Select(Parameter));

    private string Parameter(ParameterInfo parameter)
    {
        var modifier = parameter switch
        {
            { IsOut: true } => "out ",
            { IsIn: true, ParameterType.IsByRef: true } => "in ",
            { ParameterType.IsByRef: true } => "ref ",
            _ when parameter.IsDefined(typeof(ParamArrayAttribute)) || parameter.IsDefined(typeof(ParamCollectionAttribute)) => "params ",
            _ => "",
        };
        var fallback = parameter.HasDefaultValue ? $" = {Value(parameter.DefaultValue)}" : "";
        return $"{modifier}{TypeNames.Of(parameter.ParameterType, nulls.Create(parameter))} {parameter.Name}{fallback}";
    }

    private static string Kind(Type type)
    {
        if (type.IsEnum) return "enum";
        if (type.IsInterface) return "interface";
        if (type.IsSubclassOf(typeof(Delegate))) return "delegate";
        var record = type.GetMethod("PrintMembers", Declared) is not null ? "record " : "";
        if (type.IsValueType) return $"{(type.IsDefined(typeof(IsReadOnlyAttribute)) ? "readonly " : "")}{(type.IsByRefLike ? "ref " : "")}{record}struct";
        return $"{(type is { IsAbstract: true, IsSealed: true } ? "static " : type.IsAbstract ? "abstract " : type.IsSealed ? "sealed " : "")}{record}class";
    }

    private static string Bases(Type type)
    {
        if (type.IsEnum || type.IsSubclassOf(typeof(Delegate))) return "";
        var known = type.BaseType?.GetInterfaces() ?? [];
        var bases = type.GetInterfaces().Except(known).Where(it => it.IsVisible && it != typeof(IEquatable<>).MakeGenericType(type.IsByRefLike ? typeof(int) : type)).Select(it => TypeNames.Of(it)).Order(StringComparer.Ordinal).ToList();
        if (type.BaseType is { } parent && parent != typeof(object) && parent != typeof(ValueType)) bases.Insert(0, TypeNames.Of(parent));
        return bases.Count == 0 ? "" : $" : {string.Join(", ", bases)}";
    }

    private static string Constraints(Type[] arguments) => string.Concat(arguments.Where(argument => argument.IsGenericParameter).Select(argument =>
    {
        var attributes = argument.GenericParameterAttributes;
        var names = argument.GetGenericParameterConstraints().Where(constraint => constraint != typeof(ValueType)).Select(constraint => TypeNames.Of(constraint)).ToList();
        if (attributes.HasFlag(GenericParameterAttributes.ReferenceTypeConstraint)) names.Insert(0, "class");
        if (attributes.HasFlag(GenericParameterAttributes.NotNullableValueTypeConstraint)) names.Insert(0, "struct");
        return names.Count == 0 ? "" : $" where {argument.Name} : {string.Join(", ", names)}";
    }));

    private static string Modifiers(MethodInfo method)
    {
        if (method.DeclaringType!.IsInterface) return method.IsStatic ? "static " : "";
        var overrides = method.GetBaseDefinition() != method;
        return Access(method)
            + (method.IsStatic ? "static " : overrides ? "override " : method.IsAbstract ? "abstract " : method is { IsVirtual: true, IsFinal: false } ? "virtual " : "");
    }

    private static string Access(MethodBase method) => method.IsPublic ? "" : "protected ";

    private static string Reference(Type type) => type.IsByRef ? "ref " : "";

    private static string Value(object? value) => value switch
    {
        null => "default",
        string s => $"\"{s}\"",
        bool b => b ? "true" : "false",
        Enum e => $"{e.GetType().Name}.{e}",
        _ => Convert.ToString(value, CultureInfo.InvariantCulture)!,
    };

    private static bool IsSeen(MethodBase method) => method.IsPublic || method.IsFamily || method.IsFamilyOrAssembly;

    private static bool IsInit(MethodInfo setter) => setter.ReturnParameter.GetRequiredCustomModifiers().Contains(typeof(IsExternalInit));

    private static bool IsGenerated(MethodInfo method) => method.Name.Contains('<', StringComparison.Ordinal) || method.IsDefined(typeof(CompilerGeneratedAttribute));

    private static bool IsGenerated(PropertyInfo property) => property.Name == "EqualityContract";
}
