using System.Runtime.Intrinsics;
using Helios.Sdk.Cpu.Kernels;
using Helios.Sdk.Cpu.Loading;

namespace Helios.Sdk.Cpu.Tests.Kernels;

/// <summary>Every kernel against plain float64, at every vector width.</summary>
public sealed unsafe class KernelTests
{
    private static readonly Random Source = new(7);

    public static TheoryData<int> Widths()
    {
        var widths = new TheoryData<int> { 128 };
        if (Vector256.IsHardwareAccelerated) widths.Add(256);
        if (Vector512.IsHardwareAccelerated) widths.Add(512);
        return widths;
    }

    [Theory]
    [MemberData(nameof(Widths))]
    public void Products_match_whatever_the_shape(int width)
    {
        var kernels = CpuKernels.For(width);
        foreach (var (rows, columns) in new[] { (16, 16), (1, 1), (105, 48), (33, 7), (64, 129), (17, 2), (80, 64) })
            foreach (var batch in new[] { 1, 2, 3, 5, 8, 13 })
                foreach (var type in Enum.GetValues<TensorType>())
                    foreach (var format in new[] { WeightFormat.Bf16, WeightFormat.Fp32 })
                        CheckProduct(kernels, rows, columns, batch, type, format);
    }

    [Theory]
    [MemberData(nameof(Widths))]
    public void A_column_of_a_product_does_not_depend_on_the_others(int width)
    {
        var kernels = CpuKernels.For(width);
        using var buffers = new Buffers();
        var matrix = Pack(buffers, 105, 77, TensorType.F32, WeightFormat.Bf16, out _);
        var (ldx, ldy, batch) = (80, 112, 29);
        var x = buffers.Random(batch * ldx);
        for (var b = 0; b < batch; b++) x[b * ldx + 77] = 0;
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
    [MemberData(nameof(Widths))]
    public void A_nan_stays_in_its_column(int width)
    {
        var kernels = CpuKernels.For(width);
        using var buffers = new Buffers();
        var matrix = Pack(buffers, 40, 30, TensorType.F32, WeightFormat.Fp32, out _);
        var x = buffers.Random(9 * 32);
        x[4 * 32 + 11] = float.NaN;
        var y = buffers.Zeros(9 * 48);
        kernels.Multiply(matrix, 0, matrix.Blocks, x, 32, y, 48, 9);
        for (var b = 0; b < 9; b++)
            for (var row = 0; row < 40; row++) float.IsNaN(y[b * 48 + row]).Should().Be(b == 4);
    }

    [Theory]
    [MemberData(nameof(Widths))]
    public void Exp_is_accurate_and_saturates(int width)
    {
        var kernels = CpuKernels.For(width);
        using var buffers = new Buffers();
        const int count = 4096;
        var x = buffers.Zeros(count);
        var y = buffers.Zeros(count);
        for (var i = 0; i < count; i++) x[i] = -87 + 175f * i / count;
        (x[0], x[1], x[2], x[3]) = (float.NaN, float.NegativeInfinity, float.PositiveInfinity, -0f);
        kernels.Exp(x, y, count);
        float.IsNaN(y[0]).Should().BeTrue();
        (y[1], y[2], y[3]).Should().Be((0f, float.PositiveInfinity, 1f));
        for (var i = 4; i < count; i++) (y[i] / Math.Exp(x[i])).Should().BeApproximately(1, 1.5e-7);
    }

    [Theory]
    [MemberData(nameof(Widths))]
    public void Norm_gate_add_and_rotation_match(int width)
    {
        var kernels = CpuKernels.For(width);
        using var buffers = new Buffers();
        foreach (var size in new[] { 1, 15, 16, 48, 105, 768 })
        {
            var padded = (size + 15) & ~15;
            var px = buffers.Random(padded);
            var pw = buffers.Random(padded);
            var py = buffers.Zeros(padded);
            var x = (nint)px;
            for (var i = size; i < padded; i++) px[i] = pw[i] = 0;
            kernels.RmsNorm(px, pw, py, size, padded, 1e-5f);
            var inverse = 1 / Math.Sqrt(Enumerable.Range(0, size).Sum(i => (double)((float*)x)[i] * ((float*)x)[i]) / size + 1e-5f);
            for (var i = 0; i < padded; i++) py[i].Should().BeApproximately((float)(px[i] * inverse * pw[i]), 1e-6f);

            var gate = buffers.Copy(px, padded);
            gate[0] *= 50;
            var before = gate[0];
            kernels.Gate(gate, pw, padded);
            gate[0].Should().BeApproximately((float)(before / (1 + Math.Exp(-before)) * pw[0]), 1e-5f);
            for (var i = 1; i < size; i++) gate[i].Should().BeApproximately((float)(px[i] / (1 + Math.Exp(-px[i])) * pw[i]), 1e-6f);
            for (var i = size; i < padded; i++) gate[i].Should().Be(0);

            var sum = buffers.Copy(px, padded);
            kernels.Add(sum, pw, padded);
            for (var i = 0; i < padded; i++) sum[i].Should().Be(px[i] + pw[i]);
        }

        foreach (var half in new[] { 1, 3, 8, 24, 33, 64 })
        {
            var head = buffers.Random(2 * half);
            var angles = buffers.Random(half);
            var (cos, sin, turned) = ((nint)buffers.Zeros(half), (nint)buffers.Zeros(half), (nint)buffers.Copy(head, 2 * half));
            for (var i = 0; i < half; i++) (((float*)cos)[i], ((float*)sin)[i]) = (MathF.Cos(angles[i]), MathF.Sin(angles[i]));
            kernels.Rotate((float*)turned, (float*)cos, (float*)sin, half, 0.25f);
            for (var i = 0; i < half; i++)
            {
                var (c, s) = (Math.Cos(angles[i]), Math.Sin(angles[i]));
                ((float*)turned)[i].Should().BeApproximately((float)((head[i] * c - head[half + i] * s) / 4), 1e-6f);
                ((float*)turned)[half + i].Should().BeApproximately((float)((head[half + i] * c + head[i] * s) / 4), 1e-6f);
            }
        }
    }

    [Theory]
    [MemberData(nameof(Widths))]
    public void Summaries_match(int width)
    {
        var kernels = CpuKernels.For(width);
        using var buffers = new Buffers();
        foreach (var size in new[] { 1, 2, 16, 105, 1000, 5003 })
        {
            var padded = (size + 15) & ~15;
            var logits = buffers.Random(padded);
            for (var i = 0; i < size; i++) logits[i] *= 6;
            for (var i = size; i < padded; i++) logits[i] = float.NegativeInfinity;
            var values = new Span<float>(logits, size).ToArray().Select(v => (double)v).ToArray();
            var summary = kernels.Summarise(logits, size, padded, weighted: true);
            var max = values.Max();
            summary.TopId.Should().Be(Array.IndexOf(values, max));
            summary.Max.Should().Be((float)max);
            if (size > 1) summary.Second.Should().Be((float)values.OrderDescending().ElementAt(1));
            summary.Sum.Should().BeApproximately(values.Sum(v => Math.Exp(v - max)), 1e-6 * summary.Sum);
            summary.Weighted.Should().BeApproximately(values.Sum(v => Math.Exp(v - max) * (v - max)), 1e-6 * (1 + Math.Abs(summary.Weighted)));
            kernels.Summarise(logits, size, padded, weighted: false).Sum.Should().Be(summary.Sum);
        }
    }

    [Theory]
    [MemberData(nameof(Widths))]
    public void Ties_go_to_the_lowest_id_and_nan_never_out_of_range(int width)
    {
        var kernels = CpuKernels.For(width);
        using var buffers = new Buffers();
        var logits = buffers.Zeros(112);
        for (var i = 105; i < 112; i++) logits[i] = float.NegativeInfinity;
        (logits[37], logits[90]) = (5, 5);
        var summary = kernels.Summarise(logits, 105, 112, weighted: true);
        (summary.TopId, summary.Max, summary.Second).Should().Be((37, 5f, 5f));

        logits[50] = float.NaN;
        summary = kernels.Summarise(logits, 105, 112, weighted: true);
        double.IsNaN(summary.Sum).Should().BeTrue();
        new Span<float>(logits, 105).Fill(float.NaN);
        kernels.Summarise(logits, 105, 112, weighted: true).TopId.Should().Be(0);
    }

    private static void CheckProduct(CpuKernels kernels, int rows, int columns, int batch, TensorType type, WeightFormat format)
    {
        using var buffers = new Buffers();
        var matrix = Pack(buffers, rows, columns, type, format, out var weights);
        var (ldx, ldy) = ((columns + 15) & ~15, matrix.Blocks * 16);
        var x = buffers.Random(batch * ldx);
        for (var b = 0; b < batch; b++)
            for (var k = columns; k < ldx; k++) x[b * ldx + k] = 0;
        var y = buffers.Random(batch * ldy);
        kernels.Multiply(matrix, 0, matrix.Blocks, x, ldx, y, ldy, batch);
        for (var b = 0; b < batch; b++)
        {
            for (var row = 0; row < ldy; row++)
            {
                var expected = 0d;
                for (var k = 0; row < rows && k < columns; k++) expected += weights[row * columns + k] * x[b * ldx + k];
                Math.Abs(y[b * ldy + row] - expected).Should().BeLessThan(2e-5, $"{rows}x{columns} {type} {format}, row {row} of column {b}");
            }
        }
    }

    // Weights as they are after storing and holding; 1 / sqrt(columns) in size.
    private static PackedMatrix Pack(Buffers buffers, int rows, int columns, TensorType type, WeightFormat format, out double[] weights)
    {
        var blocks = (rows + 15) / 16;
        var matrix = new PackedMatrix(buffers.Zeros((int)(PackedMatrix.Bytes(format, blocks, columns) / 4)), format, blocks, columns);
        weights = new double[rows * columns];
        var stored = new byte[weights.Length * (type == TensorType.F32 ? 4 : 2)];
        for (var i = 0; i < weights.Length; i++)
        {
            var value = (2 * Source.NextSingle() - 1) / MathF.Sqrt(columns);
            value = type switch
            {
                TensorType.BF16 => BitConverter.UInt32BitsToSingle(BitConverter.SingleToUInt32Bits(value) & 0xFFFF0000),
                TensorType.F16 => (float)(Half)value,
                _ => value,
            };
            if (type == TensorType.BF16) BitConverter.TryWriteBytes(stored.AsSpan(2 * i), (ushort)(BitConverter.SingleToUInt32Bits(value) >> 16));
            else if (type == TensorType.F16) BitConverter.TryWriteBytes(stored.AsSpan(2 * i), (Half)value);
            else BitConverter.TryWriteBytes(stored.AsSpan(4 * i), value);
            weights[i] = format == WeightFormat.Bf16 ? BitConverter.UInt32BitsToSingle((uint)WeightCodec.Bf16.Round(value) << 16) : value;
        }

        var half = rows / 2;
        fixed (byte* source = stored)
        {
            WeightCodec.Pack(source, type, matrix, 0, half);
            WeightCodec.Pack(source + (long)half * columns * (type == TensorType.F32 ? 4 : 2), type, matrix, half, rows - half);
        }

        return matrix;
    }
}
