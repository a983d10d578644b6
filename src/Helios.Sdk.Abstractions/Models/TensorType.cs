using System.Diagnostics.CodeAnalysis;

namespace Helios.Sdk.Models;

/// <summary>
/// Types of elements that a checkpoint may store. Those behind <see cref="F32"/> are of GGUF files: blocks of small integers with scales, under
/// the names that llama.cpp has for them.
/// </summary>
[SuppressMessage("Naming", "CA1707:Identifiers should not contain underscores", Justification = "The field's names for them.")]
public enum TensorType
{
    /// <summary>bfloat16, 2 bytes.</summary>
    BF16,

    /// <summary>IEEE half precision, 2 bytes.</summary>
    F16,

    /// <summary>IEEE single precision, 4 bytes.</summary>
    F32,

    /// <summary>8 bits, a scale for 32 elements: 8.5 bits an element.</summary>
    Q8_0,

    /// <summary>4 bits, a scale for 32 elements: 4.5 bits an element.</summary>
    Q4_0,

    /// <summary>4 bits, a scale and an offset for 32 elements: 5 bits an element.</summary>
    Q4_1,

    /// <summary>5 bits, a scale for 32 elements: 5.5 bits an element.</summary>
    Q5_0,

    /// <summary>5 bits, a scale and an offset for 32 elements: 6 bits an element.</summary>
    Q5_1,

    /// <summary>2 bits, a scale and an offset for 16 elements, in blocks of 256: 2.625 bits an element.</summary>
    Q2_K,

    /// <summary>3 bits, a scale for 16 elements, in blocks of 256: 3.4375 bits an element.</summary>
    Q3_K,

    /// <summary>4 bits, a scale and an offset for 32 elements, in blocks of 256: 4.5 bits an element.</summary>
    Q4_K,

    /// <summary>5 bits, a scale and an offset for 32 elements, in blocks of 256: 5.5 bits an element.</summary>
    Q5_K,

    /// <summary>6 bits, a scale for 16 elements, in blocks of 256: 6.5625 bits an element.</summary>
    Q6_K,

    /// <summary>4 bits that index a table of 16 values, a scale for 32 elements: 4.5 bits an element.</summary>
    IQ4_NL,

    /// <summary>4 bits that index a table of 16 values, a scale for 32 elements, in blocks of 256: 4.25 bits an element.</summary>
    IQ4_XS,
}

/// <summary>Sizes of the blocks that tensors of a type are made of. A block of a plain type is one element.</summary>
public static class TensorTypes
{
    /// <summary>Elements of a block; 1 for a plain type.</summary>
    /// <param name="type">The type.</param>
    public static int BlockElements(this TensorType type) => type switch
    {
        TensorType.BF16 or TensorType.F16 or TensorType.F32 => 1,
        TensorType.Q2_K or TensorType.Q3_K or TensorType.Q4_K or TensorType.Q5_K or TensorType.Q6_K or TensorType.IQ4_XS => 256,
        _ => 32,
    };

    /// <summary>Bytes of a block.</summary>
    /// <param name="type">The type.</param>
    public static int BlockBytes(this TensorType type) => type switch
    {
        TensorType.BF16 or TensorType.F16 => 2,
        TensorType.F32 => 4,
        TensorType.Q8_0 => 34,
        TensorType.Q4_0 or TensorType.IQ4_NL => 18,
        TensorType.Q4_1 => 20,
        TensorType.Q5_0 => 22,
        TensorType.Q5_1 => 24,
        TensorType.Q2_K => 84,
        TensorType.Q3_K => 110,
        TensorType.Q4_K => 144,
        TensorType.Q5_K => 176,
        TensorType.Q6_K => 210,
        TensorType.IQ4_XS => 136,
        _ => throw new ArgumentOutOfRangeException(nameof(type), type, "Not a type of elements."),
    };

    /// <summary>Whether elements are small integers with scales.</summary>
    /// <param name="type">The type.</param>
    public static bool IsQuantised(this TensorType type) => type.BlockElements() > 1;

    /// <summary>Bits of an element as stored, its share of scales included.</summary>
    /// <param name="type">The type.</param>
    public static double BitsPerElement(this TensorType type) => 8.0 * type.BlockBytes() / type.BlockElements();
}
