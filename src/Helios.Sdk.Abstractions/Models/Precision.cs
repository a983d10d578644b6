namespace Helios.Sdk;

/// <summary>How weights are held on the device.</summary>
public enum Precision
{
    /// <summary>As the checkpoint stores them: BF16 stays BF16; F32 and F16 become FP32 (F16 fits it exactly).</summary>
    Auto,

    /// <summary>32-bit IEEE floating point, 4 bytes a weight.</summary>
    Fp32,

    /// <summary>bfloat16: FP32 with a 7-bit mantissa, 2 bytes a weight.</summary>
    Bf16,
}
