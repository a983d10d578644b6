using System.Buffers;
using Helios.Sdk.Models;

namespace Helios.Sdk.Cpu.Formats;

/// <summary>Converts stored elements to floats and floats to held ones, and packs rows.</summary>
internal static unsafe class WeightCodec
{
    /// <summary>Packs whole rows into their places.</summary>
    /// <param name="source">Rows as stored, one after another.</param>
    /// <param name="type">Element type they are stored in.</param>
    /// <param name="destination">The matrix.</param>
    /// <param name="firstRow">Where the first of the rows goes.</param>
    /// <param name="rows">Number of rows.</param>
    public static void Pack(byte* source, TensorType type, PackedMatrix destination, int firstRow, int rows)
    {
        if (destination.Format is WeightFormat.Block8 or WeightFormat.Block4)
        {
            BlockPacking.Pack(source, type, destination, firstRow, rows);
            return;
        }

        switch (type)
        {
            case TensorType.BF16:
                Pack<Bf16>(source, destination, firstRow, rows);
                break;
            case TensorType.F16:
                Pack<Fp16>(source, destination, firstRow, rows);
                break;
            case TensorType.F32:
                Pack<Fp32>(source, destination, firstRow, rows);
                break;
            default:
                PackBlocks(source, type, destination, firstRow, rows);
                break;
        }
    }

    /// <summary>Converts elements that stay in their order to floats.</summary>
    /// <param name="source">Whole blocks as stored.</param>
    /// <param name="type">Their type.</param>
    /// <param name="destination">Receives the floats.</param>
    /// <param name="elements">Number of elements.</param>
    public static void Convert(byte* source, TensorType type, float* destination, long elements)
    {
        const int Most = 1 << 20;
        for (var done = 0L; done < elements; done += Most)
        {
            var count = (int)Math.Min(Most, elements - done);
            var bytes = count / type.BlockElements() * type.BlockBytes();
            TensorBlocks.ToFloats(type, new ReadOnlySpan<byte>(source, bytes), new Span<float>(destination + done, count));
            source += bytes;
        }
    }

    /// <summary>Finds a finite number whose nearest half is infinite; null if there is none.</summary>
    /// <param name="source">Whole blocks as stored.</param>
    /// <param name="type">Their type.</param>
    /// <param name="elements">Number of elements.</param>
    public static float? FindBeyondHalf(byte* source, TensorType type, int elements)
    {
        var floats = ArrayPool<float>.Shared.Rent(elements);
        try
        {
            var values = floats.AsSpan(0, elements);
            TensorBlocks.ToFloats(type, new ReadOnlySpan<byte>(source, elements / type.BlockElements() * type.BlockBytes()), values);
            foreach (var value in values)
            {
                if (float.IsFinite(value) && float.IsInfinity((float)(Half)value)) return value;
            }

            return null;
        }
        finally
        {
            ArrayPool<float>.Shared.Return(floats);
        }
    }

    // As floats, a few rows at a time.
    private static void PackBlocks(byte* source, TensorType type, PackedMatrix destination, int firstRow, int rows)
    {
        var columns = destination.Columns;
        var rowBytes = (long)columns / type.BlockElements() * type.BlockBytes();
        var floats = ArrayPool<float>.Shared.Rent(checked(PackedMatrix.BlockRows * columns));
        fixed (float* values = floats)
        {
            for (var done = 0; done < rows;)
            {
                var count = Math.Min(PackedMatrix.BlockRows - (firstRow + done) % PackedMatrix.BlockRows, rows - done);
                for (var row = 0; row < count; row++) Convert(source + (done + row) * rowBytes, type, values + (long)row * columns, columns);
                Pack<Fp32>((byte*)values, destination, firstRow + done, count);
                done += count;
            }
        }

        ArrayPool<float>.Shared.Return(floats);
    }

    private static void Pack<TStored>(byte* source, PackedMatrix destination, int firstRow, int rows)
        where TStored : struct, IStored
    {
        // A block at a time, columns before rows, so that what is written is written in order.
        for (var done = 0; done < rows;)
        {
            var (block, lane) = Math.DivRem(firstRow + done, PackedMatrix.BlockRows);
            var count = Math.Min(PackedMatrix.BlockRows - lane, rows - done);
            var from = source + (long)done * destination.Columns * TStored.Bytes;
            if (destination.Quantised) PackIntegers<TStored>(from, destination, block, lane, count);
            else if (destination.Format == WeightFormat.Fp16) PackFp16<TStored>(from, destination, block, lane, count);
            else if (destination.Format == WeightFormat.Bf16) PackBf16<TStored>(from, destination.Columns, (ushort*)destination.Block(block), lane, count);
            else PackFp32<TStored>(from, destination.Columns, (float*)destination.Block(block), lane, count);
            done += count;
        }
    }

    private static void PackIntegers<TStored>(byte* from, PackedMatrix destination, int block, int lane, int count)
        where TStored : struct, IStored
    {
        var columns = destination.Columns;
        var buffer = ArrayPool<float>.Shared.Rent(columns);
        var row = buffer.AsSpan(0, columns);
        for (var i = 0; i < count; i++)
        {
            for (var k = 0; k < columns; k++) row[k] = TStored.Read(from, (long)i * columns + k);
            Quantisation.PackRow(row, destination, block, lane + i);
        }

        ArrayPool<float>.Shared.Return(buffer);
    }

    private static void PackBf16<TStored>(byte* from, int columns, ushort* block, int lane, int count)
        where TStored : struct, IStored
    {
        for (var k = 0; k < columns; k++)
        {
            var to = block + k / 2 * 2 * PackedMatrix.BlockRows + 2 * lane + (k & 1);
            for (var row = 0; row < count; row++) to[2 * row] = Bf16.Round(TStored.Read(from, (long)row * columns + k));
        }
    }

    private static void PackFp16<TStored>(byte* from, PackedMatrix destination, int block, int lane, int count)
        where TStored : struct, IStored
    {
        var columns = destination.Columns;
        var factors = destination.BlockScales(block) + lane;
        var lifts = stackalloc int[count];
        for (var row = 0; row < count; row++)
        {
            var largest = 0;
            for (var k = 0; k < columns; k++) largest = Math.Max(largest, HalfRows.Magnitude(TStored.ReadHalf(from, (long)row * columns + k)));
            (lifts[row], factors[row]) = (HalfRows.LiftOf(largest), HalfRows.FactorOf(largest));
        }

        for (var k = 0; k < columns; k++)
        {
            var to = (ushort*)destination.Block(block) + k / 2 * 2 * PackedMatrix.BlockRows + 2 * lane + (k & 1);
            for (var row = 0; row < count; row++) to[2 * row] = HalfRows.Hold(TStored.ReadHalf(from, (long)row * columns + k), lifts[row]);
        }
    }

    private static void PackFp32<TStored>(byte* from, int columns, float* block, int lane, int count)
        where TStored : struct, IStored
    {
        for (var k = 0; k < columns; k++)
        {
            var to = block + k * PackedMatrix.BlockRows + lane;
            for (var row = 0; row < count; row++) to[row] = TStored.Read(from, (long)row * columns + k);
        }
    }

    private interface IStored
    {
        static abstract int Bytes { get; }

        static abstract float Read(byte* source, long index);

        /// <summary>The nearest half, as its bits.</summary>
        static abstract ushort ReadHalf(byte* source, long index);
    }

    internal readonly struct Bf16 : IStored
    {
        public static int Bytes => 2;

        public static float Read(byte* source, long index) => BitConverter.UInt32BitsToSingle((uint)((ushort*)source)[index] << 16);

        public static ushort ReadHalf(byte* source, long index) => HalfRows.Round(Read(source, index));

        /// <summary>To the nearest, ties to even; a NaN stays one.</summary>
        public static ushort Round(float value)
        {
            var bits = BitConverter.SingleToUInt32Bits(value);
            if (float.IsNaN(value)) return (ushort)((bits >> 16) | 0x40);
            return (ushort)((bits + 0x7FFF + ((bits >> 16) & 1)) >> 16);
        }
    }

    private readonly struct Fp16 : IStored
    {
        public static int Bytes => 2;

        public static float Read(byte* source, long index) => (float)((Half*)source)[index];

        public static ushort ReadHalf(byte* source, long index) => ((ushort*)source)[index];
    }

    private readonly struct Fp32 : IStored
    {
        public static int Bytes => 4;

        public static float Read(byte* source, long index) => ((float*)source)[index];

        public static ushort ReadHalf(byte* source, long index) => HalfRows.Round(Read(source, index));
    }
}
