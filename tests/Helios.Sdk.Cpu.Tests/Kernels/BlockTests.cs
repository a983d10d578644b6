using Helios.Sdk.Cpu.Formats;
using Helios.Sdk.Cpu.Kernels;
using Helios.Sdk.Cpu.Tests.Support;
using Helios.Sdk.Models;

namespace Helios.Sdk.Cpu.Tests.Kernels;

/// <summary>Blocks of quantised files: held with the very values of the file, and multiplied with activations of 16 bits.</summary>
public sealed unsafe class BlockTests
{
    private readonly Random random = new(11);

    public static TheoryData<int, TensorType> Cases()
    {
        var cases = new TheoryData<int, TensorType>();
        foreach (var width in KernelTests.AllWidths)
            foreach (var type in Enum.GetValues<TensorType>().Where(type => type.IsQuantised())) cases.Add(width, type);
        return cases;
    }

    [Theory]
    [MemberData(nameof(Cases))]
    public void Rows_are_the_numbers_of_the_file(int width, TensorType type)
    {
        _ = width;
        using var buffers = new Buffers();
        foreach (var rows in new[] { 1, 16, 37 })
        {
            var stored = Blocks(type, rows, 512);
            var matrix = Pack(buffers, stored, type, rows, 512);
            var expected = new float[512];
            for (var row = 0; row < rows; row++)
            {
                TensorBlocks.ToFloats(type, stored.AsSpan(row * stored.Length / rows, stored.Length / rows), expected);
                Packed.Row(matrix, row).Should().Equal(expected);
            }
        }
    }

    [Theory]
    [MemberData(nameof(Cases))]
    public void Products_match_whatever_the_shape(int width, TensorType type)
    {
        var kernels = CpuKernels.For(width);
        foreach (var (rows, blocks) in new[] { (1, 1), (16, 1), (105, 1), (33, 2), (80, 3) })
        {
            foreach (var batch in new[] { 1, 2, 3, 4, 7, 9 })
            {
                using var buffers = new Buffers();
                var columns = blocks * TensorBlocks.LargestBlock;
                var matrix = Pack(buffers, Blocks(type, rows, columns), type, rows, columns);
                var (ldx, ldy) = (QuantisedRow.Room(columns) + 3, matrix.Blocks * PackedMatrix.BlockRows);
                var x = Activations(buffers, batch, columns, ldx);
                var before = new Span<float>(x, batch * ldx).ToArray();
                for (var b = 0; b < batch; b++) kernels.Quantise(x + b * ldx, matrix);
                var y = buffers.Random(batch * ldy);
                kernels.Multiply(matrix, 0, matrix.Blocks, x, ldx, y, ldy, batch);
                for (var row = 0; row < rows; row++)
                {
                    var weights = Packed.Row(matrix, row);
                    for (var b = 0; b < batch; b++)
                    {
                        var (exact, size) = (0d, 0d);
                        for (var k = 0; k < columns; k++)
                        {
                            exact += (double)weights[k] * before[b * ldx + k];
                            size += Math.Abs(weights[k] * before[b * ldx + k]);
                        }

                        ((double)y[b * ldy + row]).Should().BeApproximately(exact, 1e-6 + size * 2e-4, "row {0} of {1} by column {2} of {3}", row, rows, b, batch);
                    }
                }
            }
        }
    }

    [Theory]
    [MemberData(nameof(Cases))]
    public void A_column_of_a_product_does_not_depend_on_the_others_nor_on_how_rows_are_divided(int width, TensorType type)
    {
        var kernels = CpuKernels.For(width);
        using var buffers = new Buffers();
        var (columns, ldy, batch) = (256, 112, 11);
        var ldx = QuantisedRow.Room(columns);
        var matrix = Pack(buffers, Blocks(type, 105, columns), type, 105, columns);
        var x = Activations(buffers, batch, columns, ldx);
        for (var b = 0; b < batch; b++) kernels.Quantise(x + b * ldx, matrix);
        var whole = buffers.Zeros(batch * ldy);
        kernels.Multiply(matrix, 0, matrix.Blocks, x, ldx, whole, ldy, batch);
        for (var b = 0; b < batch; b++)
        {
            var alone = buffers.Zeros(ldy);
            kernels.Multiply(matrix, 0, 1, x + b * ldx, ldx, alone, ldy, 1);
            kernels.Multiply(matrix, 1, 3, x + b * ldx, ldx, alone, ldy, 1);
            kernels.Multiply(matrix, 3, matrix.Blocks, x + b * ldx, ldx, alone, ldy, 1);
            new Span<float>(alone, 105).SequenceEqual(new Span<float>(whole + b * ldy, 105)).Should().BeTrue();
        }
    }

    [Theory]
    [MemberData(nameof(KernelTests.Widths), MemberType = typeof(KernelTests))]
    public void The_largest_nibbles_by_the_largest_activations_are_exact(int width)
    {
        var kernels = CpuKernels.For(width);
        using var buffers = new Buffers();

        // A scale of 1, an offset of 0, and 15 everywhere; activations of a scale of 1 too.
        var stored = new byte[16 * 20];
        for (var row = 0; row < 16; row++)
        {
            BitConverter.TryWriteBytes(stored.AsSpan(20 * row), (Half)1);
            stored.AsSpan(20 * row + 4, 16).Fill(0xFF);
        }

        var matrix = Pack(buffers, stored, TensorType.Q4_1, 16, 32);
        foreach (var sign in new[] { 1, -1 })
        {
            var x = buffers.Zeros(QuantisedRow.Room(32));
            new Span<float>(x, 32).Fill(sign * Quantisation.LargestSplit);
            kernels.Quantise(x, matrix);
            var y = buffers.Zeros(16);
            kernels.Multiply(matrix, 0, 1, x, 0, y, 16, 1);
            for (var row = 0; row < 16; row++) y[row].Should().Be(sign * 15f * 32 * Quantisation.LargestSplit);
        }
    }

    [Theory]
    [MemberData(nameof(Cases))]
    public void What_is_not_finite_stays_in_its_column(int width, TensorType type)
    {
        var kernels = CpuKernels.For(width);
        using var buffers = new Buffers();
        var ldx = QuantisedRow.Room(256);
        var matrix = Pack(buffers, Blocks(type, 40, 256), type, 40, 256);
        var x = Activations(buffers, 5, 256, ldx);
        x[2 * ldx + 11] = float.PositiveInfinity;
        for (var b = 0; b < 5; b++) kernels.Quantise(x + b * ldx, matrix);
        var y = buffers.Zeros(5 * 48);
        kernels.Multiply(matrix, 0, matrix.Blocks, x, ldx, y, 48, 5);
        for (var b = 0; b < 5; b++)
            for (var row = 0; row < 40; row++) float.IsFinite(y[b * 48 + row]).Should().Be(b != 2);
    }

    [Fact]
    public void Tensors_of_several_types_one_below_another_take_the_groups_of_the_narrowest()
    {
        BlockPacking.Groups(WeightFormat.Block8, [TensorType.Q4_K, TensorType.Q6_K]).Should().Be(new GroupLayout(16, HasOffsets: true));
        BlockPacking.Groups(WeightFormat.Block8, [TensorType.Q8_0, TensorType.Q5_0]).Should().Be(new GroupLayout(32));
        using var buffers = new Buffers();
        var groups = BlockPacking.Groups(WeightFormat.Block8, [TensorType.Q4_K, TensorType.Q6_K]);
        var matrix = new PackedMatrix(buffers.Zeros((int)(PackedMatrix.Bytes(WeightFormat.Block8, 2, 256, groups) / 4)), WeightFormat.Block8, 2, 256, groups);
        var (upper, lower) = (Blocks(TensorType.Q4_K, 16, 256), Blocks(TensorType.Q6_K, 16, 256));
        fixed (byte* source = upper) WeightCodec.Pack(source, TensorType.Q4_K, matrix, 0, 16);
        fixed (byte* source = lower) WeightCodec.Pack(source, TensorType.Q6_K, matrix, 16, 16);
        var expected = new float[256];
        TensorBlocks.ToFloats(TensorType.Q4_K, upper.AsSpan(3 * 144, 144), expected);
        Packed.Row(matrix, 3).Should().Equal(expected);
        TensorBlocks.ToFloats(TensorType.Q6_K, lower.AsSpan(5 * 210, 210), expected);
        Packed.Row(matrix, 21).Should().Equal(expected);
    }

    [Theory]
    [InlineData(TensorType.Q4_1)]
    [InlineData(TensorType.Q6_K)]
    public void Another_format_holds_the_rounded_numbers(TensorType type)
    {
        using var buffers = new Buffers();
        var stored = Blocks(type, 20, 256);
        foreach (var format in new[] { WeightFormat.Fp32, WeightFormat.Bf16, WeightFormat.Int8 })
        {
            var matrix = new PackedMatrix(buffers.Zeros((int)(PackedMatrix.Bytes(format, 2, 256) / 4)), format, 2, 256);
            fixed (byte* source = stored) WeightCodec.Pack(source, type, matrix, 0, 20);
            var expected = new float[256];
            TensorBlocks.ToFloats(type, stored.AsSpan(19 * stored.Length / 20), expected);
            var most = expected.Max(Math.Abs);
            var row = Packed.Row(matrix, 19);
            for (var k = 0; k < 256; k++) row[k].Should().BeApproximately(expected[k], format == WeightFormat.Fp32 ? 0 : most / 100);
        }
    }

    private static PackedMatrix Pack(Buffers buffers, byte[] stored, TensorType type, int rows, int columns)
    {
        var format = BlockPacking.IsNibble(type) ? WeightFormat.Block4 : WeightFormat.Block8;
        var groups = BlockPacking.Groups(format, [type]);
        var blocks = (rows + 15) / 16;
        var matrix = new PackedMatrix(buffers.Zeros((int)(PackedMatrix.Bytes(format, blocks, columns, groups) / 4)), format, blocks, columns, groups);
        fixed (byte* source = stored) WeightCodec.Pack(source, type, matrix, 0, rows);
        return matrix;
    }

    /// <summary>Random blocks whose scales are small numbers.</summary>
    private byte[] Blocks(TensorType type, int rows, int columns)
    {
        var bytes = new byte[rows * columns / type.BlockElements() * type.BlockBytes()];
        random.NextBytes(bytes);
        int[] scales = type switch
        {
            TensorType.Q4_1 or TensorType.Q5_1 or TensorType.Q4_K or TensorType.Q5_K => [0, 2],
            TensorType.Q2_K => [80, 82],
            TensorType.Q3_K => [108],
            TensorType.Q6_K => [208],
            _ => [0],
        };
        for (var at = 0; at < bytes.Length; at += type.BlockBytes())
        {
            foreach (var scale in scales) BitConverter.TryWriteBytes(bytes.AsSpan(at + scale), (Half)((random.NextSingle() - 0.5f) / 100));
        }

        return bytes;
    }

    private float* Activations(Buffers buffers, int batch, int columns, int ldx)
    {
        var x = buffers.Zeros(batch * ldx);
        for (var b = 0; b < batch; b++)
            for (var k = 0; k < columns; k++) x[b * ldx + k] = (2 * random.NextSingle() - 1) * MathF.Exp(2 * random.NextSingle());
        return x;
    }
}
