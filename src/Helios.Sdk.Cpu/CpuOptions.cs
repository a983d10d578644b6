namespace Helios.Sdk.Cpu;

/// <summary>Options of the CPU backend. Checked when the backend is created.</summary>
public sealed class CpuOptions
{
    internal const int MostThreads = 1024;

    /// <summary>
    /// Threads that compute, the calling one included; 1 to 1024. Null takes the processors this process may use,
    /// container limits respected.
    /// </summary>
    public int? Threads { get; set; }

    /// <summary>
    /// Width of the vectors in bits: 128, 256 or 512. Null takes the widest fast width of the machine. Results agree bit for bit
    /// only among backends of one width.
    /// </summary>
    public int? VectorWidth { get; set; }

    /// <summary>
    /// Precision of keys and values: <see cref="Precision.Fp32"/>, or <see cref="Precision.Bf16"/>, rounded to the nearest,
    /// which takes half the bytes and, at long contexts, about half the time of attention.
    /// </summary>
    public Precision KvPrecision { get; set; } = Precision.Fp32;
}
