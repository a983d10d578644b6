namespace Helios.Sdk.Cpu.Formats;

/// <summary>How the weights of a packed matrix are held.</summary>
internal enum WeightFormat
{
    /// <summary>32-bit floats, <c>[rows / 16][columns][16]</c>.</summary>
    Fp32,

    /// <summary>bfloat16 in pairs of columns, <c>[rows / 16][columns / 2][16][2]</c>: one load holds 16 rows x 2 columns.</summary>
    Bf16,

    /// <summary>
    /// Signed bytes in pairs of columns, <c>[rows / 16][columns / 2][16][2]</c>. Behind the weights of a block stand their
    /// scales, one per row and group of columns, laid out as a bfloat16 block is.
    /// </summary>
    Int8,

    /// <summary>
    /// Nibbles, which are the weights plus 8, <c>[rows / 16][columns / 8][16][4]</c>: the low ones of 4 bytes are the first
    /// four columns, the high ones the next four. Scales as with <see cref="Int8"/>.
    /// </summary>
    Int4,
}
