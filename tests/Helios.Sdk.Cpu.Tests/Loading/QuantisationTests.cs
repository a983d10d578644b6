using Helios.Sdk.Cpu.Kernels;
using Helios.Sdk.Cpu.Tests.Support;

namespace Helios.Sdk.Cpu.Tests.Loading;

public sealed class QuantisationTests
{
    [Theory]
    [InlineData((int)WeightFormat.Int8, 64, 127)]
    [InlineData((int)WeightFormat.Int4, 32, 8)]
    public void A_weight_is_off_by_at_most_half_a_step_of_its_group(int format, int group, int levels)
    {
        var random = new Random(3);
        foreach (var (rows, columns) in new[] { (16, 64), (3, 31), (37, 100), (16, 257) })
        {
            using var buffers = new Buffers();
            var weights = Packed.Weights(random, rows, columns, TensorType.F32);
            weights[0] = 7;
            var matrix = Packed.Matrix(buffers, weights, rows, columns, TensorType.F32, (WeightFormat)format);
            for (var row = 0; row < rows; row++)
            {
                var held = Packed.Row(matrix, row);
                for (var k = 0; k < columns; k++)
                {
                    var own = weights.AsSpan(row * columns + k / group * group, Math.Min(group, columns - k / group * group));
                    var extreme = 0f;
                    foreach (var weight in own) extreme = Math.Abs(weight) > Math.Abs(extreme) ? weight : extreme;
                    var step = Math.Abs(extreme) / levels;
                    var weightHere = weights[row * columns + k];

                    // Nibbles reach 8 steps on one side and 7 on the other.
                    var clipped = levels == 8 ? Math.Max(0, -weightHere * Math.Sign(extreme) / step - 7) * step : 0;
                    Math.Abs(held[k] - weightHere).Should().BeLessThanOrEqualTo((float)(Math.Max(0.5 * step, clipped) + 0.005 * Math.Abs(extreme)));
                }
            }
        }
    }

    [Theory]
    [InlineData((int)WeightFormat.Int8)]
    [InlineData((int)WeightFormat.Int4)]
    public void Quantising_what_was_quantised_changes_nothing(int format)
    {
        using var buffers = new Buffers();
        var once = Packed.Matrix(buffers, Packed.Weights(new Random(4), 20, 100, TensorType.F32), 20, 100, TensorType.F32, (WeightFormat)format);
        var held = Enumerable.Range(0, 20).SelectMany(row => Packed.Row(once, row)).ToArray();
        var twice = Packed.Matrix(buffers, held, 20, 100, TensorType.F32, (WeightFormat)format);
        Enumerable.Range(0, 20).SelectMany(row => Packed.Row(twice, row)).Should().Equal(held);
    }

    [Theory]
    [InlineData((int)WeightFormat.Int8)]
    [InlineData((int)WeightFormat.Int4)]
    public void Zeros_and_tiny_weights_are_held(int format)
    {
        using var buffers = new Buffers();
        var weights = new float[16 * 128];
        for (var k = 64; k < 128; k++) weights[k] = 1e-30f;
        var matrix = Packed.Matrix(buffers, weights, 16, 128, TensorType.F32, (WeightFormat)format);
        var row = Packed.Row(matrix, 0);
        row[..64].Should().AllBeEquivalentTo(0f);
        row[64..].Should().AllSatisfy(weight => weight.Should().BeApproximately(1e-30f, 1e-31f));
        Packed.Row(matrix, 1).Should().AllBeEquivalentTo(0f);
    }
}
