namespace Helios.Sdk.TorchSharp;

/// <summary>Options of the TorchSharp backend. Checked when the backend is made.</summary>
public sealed class TorchSharpOptions
{
    internal const long LeastAttentionBytes = 1 << 20;

    /// <summary>
    /// The device: <c>cuda</c> (the first one), <c>cuda:1</c>, or <c>cpu</c>. A CUDA device that is not there is an error; torch's CPU
    /// never stands in for it.
    /// </summary>
    public string Device { get; set; } = "cuda:0";

    /// <summary>
    /// How keys and values are kept: <see cref="Precision.Fp32"/>, <see cref="Precision.Bf16"/> or <see cref="Precision.Fp16"/>.
    /// Null takes <see cref="Precision.Bf16"/> on CUDA and <see cref="Precision.Fp32"/> on the CPU.
    /// </summary>
    public Precision? KvPrecision { get; set; }

    /// <summary>
    /// Most bytes of keys and values gathered at one time for attention, at least those of one sequence; a step that needs more
    /// attends in several goes. From 1 MiB. Null takes 256 MiB, or 1/128 of the memory of a GPU where that is more.
    /// </summary>
    public long? AttentionBytes { get; set; }
}
