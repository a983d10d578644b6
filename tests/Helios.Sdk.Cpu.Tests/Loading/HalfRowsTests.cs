using Helios.Sdk.Backends;
using Helios.Sdk.Cpu.Formats;
using Helios.Sdk.Cpu.Kernels;
using Helios.Sdk.Cpu.Tests.Kernels;
using Helios.Sdk.Cpu.Tests.Support;
using Helios.Sdk.Models;

namespace Helios.Sdk.Cpu.Tests.Loading;

/// <summary>Weights in half precision: every half is held exactly, and products are to the bit those of the same weights in FP32.</summary>
public sealed unsafe class HalfRowsTests
{
    private const int Columns = 1024;

    /// <summary>All halves that are finite, in rows of numbers of one sign and exponent, and in rows of mixed ones.</summary>
    private static readonly float[] Halves = [.. Enumerable.Range(0, 1 << 16).Select(bits => (float)BitConverter.UInt16BitsToHalf((ushort)bits)).Where(float.IsFinite)];

    [Fact]
    public void Every_half_is_held_exactly()
    {
        using var buffers = new Buffers();
        var mixed = Halves.ToArray();
        new Random(3).Shuffle(mixed);
        foreach (var weights in new[] { Halves, mixed })
        {
            var rows = weights.Length / Columns;
            var matrix = Packed.Matrix(buffers, weights, rows, Columns, TensorType.F16, WeightFormat.Fp16);
            for (var row = 0; row < rows; row++) Packed.Row(matrix, row).Should().Equal(weights[(row * Columns)..((row + 1) * Columns)]);
        }
    }

    [Theory]
    [MemberData(nameof(KernelTests.Widths), MemberType = typeof(KernelTests))]
    public void Products_are_to_the_bit_those_of_single_precision(int width)
    {
        var kernels = CpuKernels.For(width);
        var random = new Random(width);
        using var buffers = new Buffers();
        const int rows = 62, batch = 7;
        foreach (var largest in new[] { 2e-7f, 6e-5f, 0.05f, 63.96875f, 64, 65_504 })
        {
            // Among them subnormal numbers and zeros.
            var weights = new float[rows * Columns];
            for (var i = 0; i < weights.Length; i++) weights[i] = (float)(Half)(largest * (2 * random.NextSingle() - 1) * (i % 5 == 0 ? 1e-3f : 1));
            weights[17] = largest;
            var half = Packed.Matrix(buffers, weights, rows, Columns, TensorType.F16, WeightFormat.Fp16);
            var single = Packed.Matrix(buffers, weights, rows, Columns, TensorType.F16, WeightFormat.Fp32);
            var x = buffers.Random(batch * Columns);
            var found = buffers.Zeros(batch * 64);
            var expected = buffers.Zeros(batch * 64);
            foreach (var columns in new[] { 1, 2, batch })
            {
                kernels.Multiply(half, 0, half.Blocks, x, Columns, found, 64, columns);
                kernels.Multiply(single, 0, single.Blocks, x, Columns, expected, 64, columns);
                new Span<float>(found, columns * 64).ToArray().Should().Equal(new Span<float>(expected, columns * 64).ToArray(), "weights reach {0}", largest);
            }
        }
    }

    [Theory]
    [InlineData(float.PositiveInfinity)]
    [InlineData(float.NegativeInfinity)]
    [InlineData(float.NaN)]
    public void What_is_not_finite_makes_its_row_not_finite(float bad)
    {
        using var buffers = new Buffers();
        var weights = Packed.Weights(new Random(1), 20, 30, TensorType.F16);
        weights[17 * 30 + 3] = bad;
        var matrix = Packed.Matrix(buffers, weights, 20, 30, TensorType.F16, WeightFormat.Fp16);
        for (var row = 0; row < 20; row++) Packed.Row(matrix, row).All(float.IsFinite).Should().Be(row != 17);
    }

    [Theory]
    [InlineData(TensorType.F32)]
    [InlineData(TensorType.BF16)]
    public void Other_weights_are_rounded_to_the_nearest(TensorType type)
    {
        using var buffers = new Buffers();
        var weights = Packed.Weights(new Random(5), 20, 300, type);
        for (var i = 0; i < weights.Length; i += 7) weights[i] *= 1f / 4096;
        var matrix = Packed.Matrix(buffers, weights, 20, 300, type, WeightFormat.Fp16);
        for (var row = 0; row < 20; row++) Packed.Row(matrix, row).Should().Equal(weights[(row * 300)..((row + 1) * 300)].Select(weight => (float)(Half)weight));
    }

    [Theory]
    [InlineData(65_504f, null)]
    [InlineData(65_520f, "65520")]
    [InlineData(-3e38f, "-3")]
    [InlineData(float.PositiveInfinity, null)]
    public void A_weight_beyond_the_largest_half_fails_the_load_by_name(float value, string? found)
    {
        var checkpoint = new MemoryCheckpoint(MemoryCheckpoint.Architecture());
        checkpoint.Poison(TensorRole.Down, 1, 5, value);
        var load = () => new Session(new CpuUnderTest(), checkpoint, precision: Precision.Fp16).Dispose();
        if (found is null) load.Should().NotThrow();
        else load.Should().Throw<CheckpointException>().WithMessage($"/random: the tensor '*Down*' has {found}*65504*");
    }

    [Fact]
    public void A_model_of_halves_is_held_in_two_bytes_and_answers_as_in_single_precision()
    {
        var checkpoint = new MemoryCheckpoint(MemoryCheckpoint.Architecture(), TensorType.F16, 1, new ModelExit(2, OwnNorm: true, OwnHead: true));
        using var auto = new Session(new CpuUnderTest(), checkpoint);
        using var single = new Session(new CpuUnderTest(), checkpoint, precision: Precision.Fp32);
        int[] tokens = [3, 99, 14, 0, 104, 57, 21];
        single.MustBeSame(single.Run(single.Table(64), tokens, 0), auto.Run(auto.Table(64), tokens, 0), "halves are widened exactly");
        ((double)single.Size.LayerBytes[0] / auto.Size.LayerBytes[0]).Should().BeInRange(1.75, 2);
        using var backend = new CpuBackend(new CpuOptions { Threads = 1 });
        backend.Loader.HeldAs(TensorType.F16, Precision.Auto).Should().Be("fp16");
    }
}
