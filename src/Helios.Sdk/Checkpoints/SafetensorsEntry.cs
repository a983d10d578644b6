using Helios.Sdk.Models;

namespace Helios.Sdk.Checkpoints;

/// <summary>A tensor as a header describes it.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Type">Its element type.</param>
/// <param name="Shape">Its dimensions, outermost first.</param>
/// <param name="Begin">First byte, counted from the end of the header.</param>
/// <param name="End">One past its last byte.</param>
internal sealed record SafetensorsEntry(string Name, SafetensorsType Type, long[] Shape, long Begin, long End);

/// <summary>An element type of the safetensors format.</summary>
/// <param name="Name">As headers write it.</param>
/// <param name="Bits">Size of one element; some are smaller than a byte.</param>
internal readonly record struct SafetensorsType(string Name, int Bits)
{
    /// <summary>The type as the engine computes with it, or null for those it does not.</summary>
    public TensorType? Computable => Name switch
    {
        "BF16" => TensorType.BF16,
        "F16" => TensorType.F16,
        "F32" => TensorType.F32,
        _ => null,
    };

    public static bool TryParse(string name, out SafetensorsType type)
    {
        type = new SafetensorsType(name, BitsOf(name));
        return type.Bits > 0;
    }

    private static int BitsOf(string name) => name switch
    {
        "F4" => 4,
        "F6_E2M3" or "F6_E3M2" => 6,
        "BOOL" or "U8" or "I8" or "F8_E5M2" or "F8_E4M3" or "F8_E8M0" or "F8_E4M3FNUZ" or "F8_E5M2FNUZ" => 8,
        "I16" or "U16" or "F16" or "BF16" => 16,
        "I32" or "U32" or "F32" => 32,
        "I64" or "U64" or "F64" or "C64" => 64,
        _ => 0,
    };
}
