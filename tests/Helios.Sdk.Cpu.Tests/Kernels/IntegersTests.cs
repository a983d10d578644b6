using Helios.Sdk.Cpu.Kernels;
using Helios.Sdk.Cpu.Tests.Support;

namespace Helios.Sdk.Cpu.Tests.Kernels;

public sealed unsafe class IntegersTests
{
    [Theory]
    [MemberData(nameof(KernelTests.Widths), MemberType = typeof(KernelTests))]
    public void A_row_becomes_integers_of_its_own_scale_with_zeros_behind(int width)
    {
        var kernels = CpuKernels.For(width);
        foreach (var (columns, elements) in new[] { (1, 32), (15, 32), (16, 32), (17, 32), (48, 32), (64, 32), (65, 64), (129, 96), (768, 384) })
        {
            using var buffers = new Buffers();
            var room = Math.Max(elements + 1, (columns + 15) & ~15);
            var x = buffers.Random(room + 1);
            for (var k = columns; k < room; k++) x[k] = 0;
            x[room] = 42;
            var before = new Span<float>(x, columns).ToArray();
            kernels.Quantise(x, columns, elements);

            var scale = x[elements];
            scale.Should().Be(before.Max(MathF.Abs) / 32_767);
            for (var k = 0; k < 2 * elements; k++)
            {
                var expected = k < columns ? before[k] : 0;
                (((short*)x)[k] * (double)scale).Should().BeApproximately(expected, 0.5001 * scale);
            }

            x[room].Should().Be(room == elements ? scale : 42, "nothing beyond the row is written");
        }
    }

    [Theory]
    [MemberData(nameof(KernelTests.Widths), MemberType = typeof(KernelTests))]
    public void A_row_of_zeros_stays_one_and_tiny_ones_do_not_divide_by_zero(int width)
    {
        var kernels = CpuKernels.For(width);
        using var buffers = new Buffers();
        foreach (var value in new[] { 0f, -0f, 1e-45f, 1e-38f, -3e-36f, 3e38f })
        {
            var x = buffers.Zeros(64);
            x[5] = value;
            kernels.Quantise(x, 48, 32);
            ((((short*)x)[5] * (double)x[32]) - value).Should().BeApproximately(0, Math.Max(1e-34, 1e-4 * Math.Abs((double)value)));
            for (var k = 0; k < 64; k++)
                if (k != 5) ((short*)x)[k].Should().Be(0);
        }
    }
}
