using Helios.Sdk.Cpu.Formats;
using Helios.Sdk.Models;

namespace Helios.Sdk.Cpu.Tests.Support;

/// <summary>Packs matrices for tests.</summary>
internal static unsafe class Packed
{
    /// <summary>Random weights of about 1 / sqrt(columns), as they are after being stored in a type.</summary>
    public static float[] Weights(Random random, int rows, int columns, TensorType type)
    {
        var weights = new float[rows * columns];
        for (var i = 0; i < weights.Length; i++) weights[i] = Stored((2 * random.NextSingle() - 1) / MathF.Sqrt(columns), type);
        return weights;
    }

    /// <summary>Packs weights, in two parts that need not meet between blocks.</summary>
    public static PackedMatrix Matrix(Buffers buffers, float[] weights, int rows, int columns, TensorType type, WeightFormat format)
    {
        var blocks = (rows + 15) / 16;
        var matrix = new PackedMatrix(buffers.Zeros((int)(PackedMatrix.Bytes(format, blocks, columns) / 4)), format, blocks, columns);
        var size = type == TensorType.F32 ? 4 : 2;
        var stored = new byte[weights.Length * size];
        for (var i = 0; i < weights.Length; i++)
        {
            if (type == TensorType.BF16) BitConverter.TryWriteBytes(stored.AsSpan(2 * i), (ushort)(BitConverter.SingleToUInt32Bits(weights[i]) >> 16));
            else if (type == TensorType.F16) BitConverter.TryWriteBytes(stored.AsSpan(2 * i), (Half)weights[i]);
            else BitConverter.TryWriteBytes(stored.AsSpan(4 * i), weights[i]);
        }

        var half = rows / 2;
        fixed (byte* source = stored)
        {
            WeightCodec.Pack(source, type, matrix, 0, half);
            WeightCodec.Pack(source + (long)half * columns * size, type, matrix, half, rows - half);
        }

        return matrix;
    }

    /// <summary>One row of what a matrix holds.</summary>
    public static float[] Row(PackedMatrix matrix, int row)
    {
        var values = new float[matrix.Columns];
        fixed (float* to = values) matrix.Row(row, to);
        return values;
    }

    private static float Stored(float value, TensorType type) => type switch
    {
        TensorType.BF16 => BitConverter.UInt32BitsToSingle(BitConverter.SingleToUInt32Bits(value) & 0xFFFF0000),
        TensorType.F16 => (float)(Half)value,
        _ => value,
    };
}
