using System.Diagnostics.CodeAnalysis;

namespace Helios.Sdk;

/// <summary>Precision of numbers on the device: of weights, and for some backends of keys and values.</summary>
[SuppressMessage("Naming", "CA1720:Identifier contains type name", Justification = "The field's name for it.")]
public enum Precision
{
    /// <summary>
    /// The stored precision: BF16 stays BF16, F32 is FP32, F16 is <see cref="Fp16"/> on the CPU backend and what <c>docs/cuda.md</c> says on others. Weights of quantised GGUF files are held and computed as stored on the CPU backend, as BF16 on a GPU.
    /// </summary>
    Auto,

    /// <summary>32-bit IEEE floating point, 4 bytes a weight.</summary>
    Fp32,

    /// <summary>bfloat16: FP32 with a 7-bit mantissa, 2 bytes a weight.</summary>
    Bf16,

    /// <summary>
    /// 8-bit integers with bfloat16 scales: on the CPU backend 64 of a row share a scale, 1.03 bytes a weight, with the TorchSharp
    /// backend a whole row. Quantised while loading, rounded to the nearest. Norms are not quantised.
    /// </summary>
    Int8,

    /// <summary>
    /// 4-bit integers; 32 of a row share a bfloat16 scale: 0.56 bytes a weight on the CPU backend, 0.63 with the TorchSharp
    /// backend. Quantised while loading, with the scale of least error. Embedding and heads are held as <see cref="Int8"/> on the
    /// CPU backend, and as stored with the TorchSharp backend. Norms are not quantised.
    /// </summary>
    Int4,

    /// <summary>
    /// IEEE half precision, 2 bytes a weight: on the CPU backend, and with the TorchSharp backend on CUDA. On the CPU backend the sums and all that is not a weight stay FP32, so
    /// that weights of F16 checkpoints give the results of <see cref="Fp32"/> to the bit. Others are rounded to the nearest; a weight beyond 65,504 in magnitude fails the load.
    /// </summary>
    Fp16,
}
