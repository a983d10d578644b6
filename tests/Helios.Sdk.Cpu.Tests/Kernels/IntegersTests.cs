using Helios.Sdk.Cpu.Formats;
using Helios.Sdk.Cpu.Kernels;
using Helios.Sdk.Cpu.Tests.Support;
using Helios.Sdk.Models;

namespace Helios.Sdk.Cpu.Tests.Kernels;

public sealed unsafe class IntegersTests
{
    public static TheoryData<int, int> Cases()
    {
        var cases = new TheoryData<int, int>();
        foreach (var width in KernelTests.AllWidths)
        {
            cases.Add(width, (int)WeightFormat.Int8);
            cases.Add(width, (int)WeightFormat.Int4);
        }

        return cases;
    }

    [Theory]
    [MemberData(nameof(Cases))]
    public void Groups_become_integers_of_their_own_scale_with_zeros_behind(int width, int format)
    {
        var kernels = CpuKernels.For(width);
        foreach (var columns in new[] { 1, 15, 16, 17, 31, 32, 33, 48, 64, 65, 129, 768 })
        {
            using var buffers = new Buffers();
            var matrix = Matrix(buffers, columns, format);
            var room = QuantisedRow.Room(columns);
            var x = buffers.Random(room + 1);
            for (var k = columns; k < room; k++) x[k] = 0;
            x[room] = 42;
            var before = new Span<float>(x, columns).ToArray();
            kernels.Quantise(x, matrix);

            for (var group = 0; group < matrix.Groups; group++)
            {
                var first = group * matrix.GroupColumns;
                var own = before[first..Math.Min(columns, first + matrix.GroupColumns)];
                var scale = x[matrix.ActivationScales + group];
                scale.Should().Be(own.Max(MathF.Abs) / Quantisation.LargestActivation((WeightFormat)format));
                var sum = 0;
                for (var k = 0; k < matrix.GroupColumns; k++)
                {
                    var integer = format == (int)WeightFormat.Int8 ? ((short*)x)[first + k] : ((sbyte*)x)[first + k];
                    (integer * (double)scale).Should().BeApproximately(k < own.Length ? own[k] : 0, 0.51 * scale);
                    sum += integer;
                }

                if (format == (int)WeightFormat.Int4) ((int*)x)[matrix.ActivationScales + matrix.Groups + group].Should().Be((ushort)(-8 * sum));
            }

            x[room].Should().Be(42, "nothing beyond the row is written");
        }
    }

    [Theory]
    [MemberData(nameof(Cases))]
    public void Zeros_stay_zeros_and_tiny_numbers_do_not_divide_by_zero(int width, int format)
    {
        var kernels = CpuKernels.For(width);
        using var buffers = new Buffers();
        var matrix = Matrix(buffers, 48, format);
        foreach (var value in new[] { 0f, -0f, 1e-45f, 1e-38f, -3e-36f, 3e38f })
        {
            var x = buffers.Zeros(QuantisedRow.Room(48));
            x[5] = value;
            kernels.Quantise(x, matrix);
            for (var k = 0; k < 48; k++)
            {
                var integer = format == (int)WeightFormat.Int8 ? ((short*)x)[k] : ((sbyte*)x)[k];
                if (k == 5) (integer * (double)x[matrix.ActivationScales]).Should().BeApproximately(value, Math.Max(1e-34, 1e-4 * Math.Abs((double)value)));
                else integer.Should().Be(0);
            }
        }
    }

    private static PackedMatrix Matrix(Buffers buffers, int columns, int format) =>
        Packed.Matrix(buffers, new float[columns], 1, columns, TensorType.F32, (WeightFormat)format);
}
