using Helios.Sdk.Models;

namespace Helios.Sdk.Checkpoints.Gguf;

/// <summary>A type of elements of a GGUF file.</summary>
/// <param name="Type">Its name, and the type as the engine computes with it.</param>
/// <param name="BlockElements">Elements of a block.</param>
/// <param name="BlockBytes">Bytes of a block.</param>
internal readonly record struct GgufType(ElementType Type, int BlockElements, int BlockBytes)
{
    /// <summary>The type of a number; null for numbers that no version of the format gives a meaning.</summary>
    public static GgufType? Of(uint number) => number switch
    {
        0 => Held(TensorType.F32),
        1 => Held(TensorType.F16),
        2 => Held(TensorType.Q4_0),
        3 => Held(TensorType.Q4_1),
        6 => Held(TensorType.Q5_0),
        7 => Held(TensorType.Q5_1),
        8 => Held(TensorType.Q8_0),
        9 => Other("Q8_1", 32, 36),
        10 => Held(TensorType.Q2_K),
        11 => Held(TensorType.Q3_K),
        12 => Held(TensorType.Q4_K),
        13 => Held(TensorType.Q5_K),
        14 => Held(TensorType.Q6_K),
        15 => Other("Q8_K", 256, 292),
        16 => Other("IQ2_XXS", 256, 66),
        17 => Other("IQ2_XS", 256, 74),
        18 => Other("IQ3_XXS", 256, 98),
        19 => Other("IQ1_S", 256, 50),
        20 => Held(TensorType.IQ4_NL),
        21 => Other("IQ3_S", 256, 110),
        22 => Other("IQ2_S", 256, 82),
        23 => Held(TensorType.IQ4_XS),
        24 => Other("I8", 1, 1),
        25 => Other("I16", 1, 2),
        26 => Other("I32", 1, 4),
        27 => Other("I64", 1, 8),
        28 => Other("F64", 1, 8),
        29 => Other("IQ1_M", 256, 56),
        30 => Held(TensorType.BF16),
        34 => Other("TQ1_0", 256, 54),
        35 => Other("TQ2_0", 256, 66),
        39 => Other("MXFP4", 32, 17),
        40 => Other("NVFP4", 64, 36),
        41 => Other("Q1_0", 128, 18),
        _ => null,
    };

    private static GgufType Held(TensorType type) => new(new ElementType(type.ToString(), type), type.BlockElements(), type.BlockBytes());

    private static GgufType Other(string name, int elements, int bytes) => new(new ElementType(name, null), elements, bytes);
}
