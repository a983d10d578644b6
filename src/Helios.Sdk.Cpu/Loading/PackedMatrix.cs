using Helios.Sdk.Cpu.Kernels;

namespace Helios.Sdk.Cpu.Loading;

/// <summary>
/// A weight matrix as the kernels read it: rows in blocks of 16, columns in pairs, zeros where it was padded to either.
/// A view; the memory belongs to the part it was loaded with.
/// </summary>
internal sealed unsafe class PackedMatrix(float* data, WeightFormat format, int blocks, int columns)
{
    /// <summary>Rows of a block, at every vector width.</summary>
    public const int BlockRows = 16;

    /// <summary>First block; counted in units of 4 bytes whatever the format.</summary>
    public float* Data { get; } = data;

    /// <summary>How weights are held.</summary>
    public WeightFormat Format { get; } = format;

    /// <summary>Blocks of 16 rows.</summary>
    public int Blocks { get; } = blocks;

    /// <summary>Pairs of columns, the last padded where the number is odd.</summary>
    public int Pairs { get; } = (columns + 1) / 2;

    /// <summary>Columns without padding.</summary>
    public int Columns { get; } = columns;

    /// <summary>Bytes of a block.</summary>
    public long BlockBytes => Bytes(Format, 1, Columns);

    /// <summary>Bytes of some blocks of so many columns.</summary>
    public static long Bytes(WeightFormat format, int blocks, int columns) =>
        (long)blocks * BlockRows * ((columns + 1) / 2 * 2) * (format == WeightFormat.Bf16 ? 2 : 4);

    /// <summary>Copies one row out, as floats.</summary>
    public void Row(int row, float* destination)
    {
        var lane = row % BlockRows;
        var block = (byte*)Data + row / BlockRows * BlockBytes;
        if (Format == WeightFormat.Bf16)
        {
            var weights = (ushort*)block;
            for (var k = 0; k < Columns; k++)
                destination[k] = BitConverter.UInt32BitsToSingle((uint)weights[k / 2 * 2 * BlockRows + 2 * lane + (k & 1)] << 16);
            return;
        }

        for (var k = 0; k < Columns; k++) destination[k] = ((float*)block)[k * BlockRows + lane];
    }
}
