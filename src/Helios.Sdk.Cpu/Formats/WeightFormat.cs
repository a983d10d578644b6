namespace Helios.Sdk.Cpu.Formats;

/// <summary>How the weights of a packed matrix are held.</summary>
internal enum WeightFormat
{
    /// <summary>32-bit floats, <c>[rows / 16][columns][16]</c>.</summary>
    Fp32,

    /// <summary>bfloat16 in pairs of columns, <c>[rows / 16][columns / 2][16][2]</c>: one load holds 16 rows x 2 columns.</summary>
    Bf16,

    /// <summary>
    /// IEEE half precision, laid out as <see cref="Bf16"/> is. Behind the weights of a block stand 16 factors in single precision, one for each row: a weight
    /// is its half times that. See <see cref="HalfRows"/>.
    /// </summary>
    Fp16,

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

    /// <summary>
    /// Signed bytes as <see cref="Int8"/> has them, of a quantised file: the very integers that it stores. Behind the weights of a block stand their
    /// scales in single precision, <c>[groups][16]</c>, and, where the file has them, offsets likewise.
    /// </summary>
    Block8,

    /// <summary>Nibbles as <see cref="Int4"/> has them, 0 to 15, of a quantised file, with scales and offsets as <see cref="Block8"/>.</summary>
    Block4,
}

/// <summary>Groups of columns of a row that share a scale.</summary>
/// <param name="Columns">Columns of a group; 0 where weights are floats.</param>
/// <param name="HasOffsets">Whether a weight is its integer times the scale plus an offset.</param>
internal readonly record struct GroupLayout(int Columns, bool HasOffsets = false);
