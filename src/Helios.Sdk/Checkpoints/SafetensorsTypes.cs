using Helios.Sdk.Models;

namespace Helios.Sdk.Checkpoints;

/// <summary>The element types of the safetensors format.</summary>
internal static class SafetensorsTypes
{
    /// <summary>The type of a name; false when the format knows none.</summary>
    public static bool TryParse(string name, out ElementType type)
    {
        type = new ElementType(name, name switch
        {
            "BF16" => TensorType.BF16,
            "F16" => TensorType.F16,
            "F32" => TensorType.F32,
            _ => null,
        });
        return BitsOf(name) > 0;
    }

    /// <summary>Size of one element, which is smaller than a byte for some; 0 for a name that the format does not know.</summary>
    public static int BitsOf(string name) => name switch
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
