using System.Reflection;
using Helios.Sdk.Cpu.Kernels;

namespace Helios.Sdk.Cpu.Tests.Kernels;

/// <summary>
/// What inner loops are made of must be inlined into them: a call for every vector costs several times what the vector does. The JIT inlines by
/// itself only what is very short.
/// </summary>
public class InliningTests
{
    // Bytes of IL up to which the JIT inlines whatever its other rules say.
    private const int AlwaysInlined = 16;

    private static readonly Type[] Parts = [typeof(ISimd<>), typeof(IWeightFormat<>), typeof(IKvFormat<>)];

    [Fact]
    public void Parts_of_inner_loops_are_inlined()
    {
        var structs = typeof(CpuKernels).Assembly.GetTypes()
            .Where(type => type.IsValueType && type.GetInterfaces().Any(contract => contract.IsGenericType && Parts.Contains(contract.GetGenericTypeDefinition())));
        var helpers = new[] { typeof(GroupScales), typeof(VectorMath) };

        var called = structs.Concat(helpers)
            .SelectMany(type => type.GetMethods(BindingFlags.Static | BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.DeclaredOnly))
            .Where(method => method.GetMethodBody()!.GetILAsByteArray()!.Length > AlwaysInlined && !method.MethodImplementationFlags.HasFlag(MethodImplAttributes.AggressiveInlining))
            .Select(method => $"{method.DeclaringType!.Name}.{method.Name}");

        string.Join(", ", called).Should().BeEmpty();
    }
}
