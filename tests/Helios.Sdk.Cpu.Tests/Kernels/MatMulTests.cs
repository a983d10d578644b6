using Helios.Sdk.Cpu.Formats;
using Helios.Sdk.Cpu.Kernels;
using Helios.Sdk.Cpu.Tests.Support;
using Helios.Sdk.Models;

namespace Helios.Sdk.Cpu.Tests.Kernels;

/// <summary>The matrix product against plain float64, in every format that weights are brought to, at every vector width.</summary>
public sealed unsafe class MatMulTests
{
    private readonly Random random = new(7);

    public static TheoryData<int, int> Cases()
    {
        var cases = new TheoryData<int, int>();
        foreach (var width in KernelTests.AllWidths)
            foreach (var format in Enum.GetValues<WeightFormat>().Where(format => format is not (WeightFormat.Block8 or WeightFormat.Block4))) cases.Add(width, (int)format);
        return cases;
    }

    [Theory]
    [MemberData(nameof(Cases))]
    public void Products_match_whatever_the_shape(int width, int format)
    {
        var kernels = CpuKernels.For(width);
        foreach (var (rows, columns) in new[] { (16, 16), (1, 1), (105, 48), (33, 7), (64, 129), (17, 2), (80, 64), (16, 192), (1, 5003) })
            foreach (var batch in new[] { 1, 2, 3, 5, 8, 13 })
                foreach (var type in Enum.GetValues<TensorType>().Where(type => !type.IsQuantised())) CheckProduct(kernels, rows, columns, batch, type, (WeightFormat)format);
    }

    [Theory]
    [MemberData(nameof(Cases))]
    public void A_column_of_a_product_does_not_depend_on_the_others(int width, int format)
    {
        var kernels = CpuKernels.For(width);
        using var buffers = new Buffers();
        var (columns, ldx, ldy, batch) = (77, 96, 112, 29);
        var matrix = Packed.Matrix(buffers, Packed.Weights(random, 105, columns, TensorType.F32), 105, columns, TensorType.F32, (WeightFormat)format);
        var x = Activations(buffers, batch, columns, ldx);
        Prepare(kernels, matrix, x, ldx, batch);
        var whole = buffers.Zeros(batch * ldy);
        kernels.Multiply(matrix, 0, matrix.Blocks, x, ldx, whole, ldy, batch);
        for (var b = 0; b < batch; b++)
        {
            var alone = buffers.Zeros(ldy);
            kernels.Multiply(matrix, 0, 3, x + b * ldx, ldx, alone, ldy, 1);
            kernels.Multiply(matrix, 3, matrix.Blocks, x + b * ldx, ldx, alone, ldy, 1);
            new Span<float>(alone, 105).SequenceEqual(new Span<float>(whole + b * ldy, 105)).Should().BeTrue();
        }
    }

    [Theory]
    [MemberData(nameof(Cases))]
    public void What_is_not_finite_stays_in_its_column(int width, int format)
    {
        var kernels = CpuKernels.For(width);
        foreach (var bad in new[] { float.NaN, float.PositiveInfinity, float.NegativeInfinity })
        {
            using var buffers = new Buffers();
            var matrix = Packed.Matrix(buffers, Packed.Weights(random, 40, 30, TensorType.F32), 40, 30, TensorType.F32, (WeightFormat)format);
            var x = Activations(buffers, 9, 30, 48);
            x[4 * 48 + 11] = bad;
            Prepare(kernels, matrix, x, 48, 9);
            var y = buffers.Zeros(9 * 48);
            kernels.Multiply(matrix, 0, matrix.Blocks, x, 48, y, 48, 9);
            for (var b = 0; b < 9; b++)
                for (var row = 0; row < 40; row++) float.IsFinite(y[b * 48 + row]).Should().Be(b != 4);
        }
    }

    [Theory]
    [MemberData(nameof(Cases))]
    public void What_is_not_finite_in_a_row_of_weights_shows_in_its_results_alone(int width, int format)
    {
        var kernels = CpuKernels.For(width);
        using var buffers = new Buffers();
        var weights = Packed.Weights(random, 40, 30, TensorType.F32);
        weights[17 * 30 + 3] = float.NaN;
        var matrix = Packed.Matrix(buffers, weights, 40, 30, TensorType.F32, (WeightFormat)format);
        var x = Activations(buffers, 3, 30, 48);
        Prepare(kernels, matrix, x, 48, 3);
        var y = buffers.Zeros(3 * 48);
        kernels.Multiply(matrix, 0, matrix.Blocks, x, 48, y, 48, 3);
        for (var b = 0; b < 3; b++)
            for (var row = 0; row < 40; row++) float.IsFinite(y[b * 48 + row]).Should().Be(row != 17);
    }

    [Theory]
    [MemberData(nameof(Cases))]
    public void The_largest_weights_and_activations_do_not_overflow(int width, int format)
    {
        var kernels = CpuKernels.For(width);
        const int columns = 28_672;
        using var buffers = new Buffers();
        var matrix = Packed.Matrix(buffers, [.. Enumerable.Repeat(-1f, 16 * columns)], 16, columns, TensorType.F32, (WeightFormat)format);
        foreach (var sign in new[] { 1, -1 })
        {
            var x = buffers.Zeros(QuantisedRow.Room(columns));
            new Span<float>(x, columns).Fill(sign * 1e6f);
            Prepare(kernels, matrix, x, columns, 1);
            var y = buffers.Zeros(16);
            kernels.Multiply(matrix, 0, 1, x, columns, y, 16, 1);

            // The int8 scale, 1 / 127 in bfloat16, is 0.05 % off.
            for (var row = 0; row < 16; row++) (y[row] / (-sign * 1e6 * columns)).Should().BeApproximately(1, 4e-3);
        }
    }

    [Theory]
    [MemberData(nameof(KernelTests.Widths), MemberType = typeof(KernelTests))]
    public void Nibbles_by_bytes_are_exact_up_to_their_extremes(int width)
    {
        const int group = 32;
        var kernels = CpuKernels.For(width);
        for (var trial = 0; trial < 200; trial++)
        {
            // A scale of 1 on both sides: each row holds -8, and the first activation is 127.
            using var buffers = new Buffers();
            var weights = new float[16 * group];
            for (var i = 0; i < weights.Length; i++) weights[i] = i % group == 0 ? -8 : trial % 2 == 0 ? -8 + 15 * random.Next(2) : random.Next(-8, 8);
            var x = buffers.Zeros(QuantisedRow.Room(group));
            for (var k = 0; k < group; k++)
                x[k] = k == 0 ? 127 : (trial % 5) switch { 0 => 127, 1 => -127, 2 => k / 2 % 2 == 0 ? 127 : -127, 3 => 254 * random.Next(2) - 127, _ => random.Next(-127, 128) };
            var activations = new Span<float>(x, group).ToArray();
            var matrix = Packed.Matrix(buffers, weights, 16, group, TensorType.F32, WeightFormat.Int4);
            kernels.Quantise(x, matrix);
            var y = buffers.Zeros(16);
            kernels.Multiply(matrix, 0, 1, x, 0, y, 16, 1);
            for (var row = 0; row < 16; row++)
                y[row].Should().Be(activations.Select((activation, k) => activation * weights[row * group + k]).Sum());
        }
    }

    // Against the weights that the matrix holds; activations of a quantised product may be off by half a step each.
    private void CheckProduct(CpuKernels kernels, int rows, int columns, int batch, TensorType type, WeightFormat format)
    {
        using var buffers = new Buffers();
        var matrix = Packed.Matrix(buffers, Packed.Weights(random, rows, columns, type), rows, columns, type, format);
        var ldx = QuantisedRow.Room(columns) + 3;
        var ldy = matrix.Blocks * 16;
        var x = Activations(buffers, batch, columns, ldx);
        var before = new Span<float>(x, batch * ldx).ToArray();
        Prepare(kernels, matrix, x, ldx, batch);
        var y = buffers.Random(batch * ldy);
        kernels.Multiply(matrix, 0, matrix.Blocks, x, ldx, y, ldy, batch);
        for (var row = 0; row < ldy; row++)
        {
            var weights = row < rows ? Packed.Row(matrix, row) : new float[columns];
            var step = matrix.Quantised ? 1d / Quantisation.LargestActivation(format) : 0;
            var allowed = 2e-5 + weights.Sum(weight => Math.Abs(weight)) * step / 2;
            for (var b = 0; b < batch; b++)
            {
                var expected = 0d;
                for (var k = 0; k < columns; k++) expected += (double)weights[k] * before[b * ldx + k];
                Math.Abs(y[b * ldy + row] - expected).Should().BeLessThan(allowed, $"{rows}x{columns} {type} {format}, row {row} of column {b}");
            }
        }
    }

    private static float* Activations(Buffers buffers, int batch, int columns, int ldx)
    {
        var x = buffers.Random(batch * ldx);
        for (var b = 0; b < batch; b++)
            for (var k = columns; k < ldx; k++) x[b * ldx + k] = 0;
        return x;
    }

    private static void Prepare(CpuKernels kernels, PackedMatrix matrix, float* x, int ldx, int batch)
    {
        if (!matrix.Quantised) return;
        for (var b = 0; b < batch; b++) kernels.Quantise(x + b * ldx, matrix);
    }
}
