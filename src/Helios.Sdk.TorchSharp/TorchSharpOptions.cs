namespace Helios.Sdk.TorchSharp;

/// <summary>Options of the TorchSharp backend. Checked when the backend is created.</summary>
public sealed class TorchSharpOptions
{
    internal const long LeastAttentionBytes = 1 << 20;

    /// <summary>
    /// The device: <c>cuda</c> (the first one), <c>cuda:1</c>, or <c>cpu</c>. A missing CUDA device is an error; there is
    /// no fallback to torch's CPU.
    /// </summary>
    public string Device { get; set; } = "cuda:0";

    /// <summary>
    /// Precision of keys and values: <see cref="Precision.Fp32"/>, <see cref="Precision.Bf16"/> or <see cref="Precision.Fp16"/>.
    /// Null takes <see cref="Precision.Bf16"/> on CUDA and <see cref="Precision.Fp32"/> on the CPU.
    /// </summary>
    public Precision? KvPrecision { get; set; }

    /// <summary>
    /// Maximum bytes of keys and values gathered at one time for attention, at least those of one sequence; a step that needs more
    /// runs attention in several parts. From 1 MiB. Null takes 256 MiB, or 1/128 of the memory of a GPU if that is more.
    /// </summary>
    public long? AttentionBytes { get; set; }
}
