using Helios.Sdk.Cpu.Formats;
using Helios.Sdk.Cpu.Tests.Support;
using Helios.Sdk.Models;

namespace Helios.Sdk.Cpu.Tests.Loading;

public sealed class QuantisationTests
{
    private static readonly (int Rows, int Columns)[] Shapes = [(16, 64), (3, 31), (37, 100), (16, 257)];

    [Fact]
    public void An_int8_weight_is_off_by_at_most_half_a_step_of_its_group()
    {
        Check(WeightFormat.Int8, 64, (weights, held) =>
        {
            // The scale is rounded to bfloat16, by 1 / 256 at most.
            var largest = weights.Max(MathF.Abs);
            for (var k = 0; k < weights.Length; k++) Math.Abs(held[k] - weights[k]).Should().BeLessThanOrEqualTo(largest * (0.5f / 127 + 1f / 256));
        });
    }

    [Fact]
    public void Int4_weights_are_nearer_than_plain_rounding_to_sixteen_levels_puts_them()
    {
        var (plainInAll, errorInAll) = (0d, 0d);
        Check(WeightFormat.Int4, 32, (weights, held) =>
        {
            var step = -weights.MaxBy(MathF.Abs) / 8;
            var plain = weights.Sum(weight => Math.Pow(weight - step * Math.Clamp(Math.Round(weight / step), -8, 7), 2));
            var error = weights.Zip(held, (weight, other) => Math.Pow(weight - other, 2)).Sum();

            // The scale is rounded to bfloat16, which moves what it makes of a weight by 1 / 256 at most.
            var moved = weights.Length * Math.Pow(8 * step / 256, 2);
            var size = weights.Sum(weight => (double)weight * weight);
            (plainInAll, errorInAll) = (plainInAll + plain / size, errorInAll + error / size);
            error.Should().BeLessThanOrEqualTo(Math.Pow(Math.Sqrt(plain) + Math.Sqrt(moved), 2) * 1.0001);
            held.Select(weight => MathF.Round(weight / held.Where(other => other != 0).Min(MathF.Abs), 3)).Distinct().Count().Should().BeLessThanOrEqualTo(16);
        });
        (errorInAll / plainInAll).Should().BeLessThan(0.9);
    }

    [Fact]
    public void Quantising_int8_again_changes_nothing()
    {
        using var buffers = new Buffers();
        var once = Packed.Matrix(buffers, Packed.Weights(new Random(4), 20, 100, TensorType.F32), 20, 100, TensorType.F32, WeightFormat.Int8);
        var held = Enumerable.Range(0, 20).SelectMany(row => Packed.Row(once, row)).ToArray();
        var twice = Packed.Matrix(buffers, held, 20, 100, TensorType.F32, WeightFormat.Int8);
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

    [Theory]
    [InlineData((int)WeightFormat.Int8)]
    [InlineData((int)WeightFormat.Int4)]
    public void Finite_weights_are_held_finitely_whatever_their_size(int format)
    {
        for (var exponent = -45; exponent <= 38; exponent++)
        {
            using var buffers = new Buffers();
            var largest = (float)Math.Pow(10, exponent);
            float[] weights = [largest, -largest / 3, .. new float[30]];
            var held = Packed.Row(Packed.Matrix(buffers, weights, 1, 32, TensorType.F32, (WeightFormat)format), 0);
            for (var k = 0; k < held.Length; k++) Math.Abs(held[k] - weights[k]).Should().BeLessThanOrEqualTo(Math.Max(2e-36f, largest * 0.08f), $"it is one of {largest}");
        }
    }

    private static void Check(WeightFormat format, int group, Action<float[], float[]> check)
    {
        var random = new Random(3);
        foreach (var (rows, columns) in Shapes)
        {
            using var buffers = new Buffers();
            var weights = Packed.Weights(random, rows, columns, TensorType.F32);
            weights[0] = 7;
            var matrix = Packed.Matrix(buffers, weights, rows, columns, TensorType.F32, format);
            for (var row = 0; row < rows; row++)
            {
                var held = Packed.Row(matrix, row);
                for (var k = 0; k < columns; k += group)
                {
                    var end = Math.Min(columns, k + group);
                    check(weights[(row * columns + k)..(row * columns + end)], held[k..end]);
                }
            }
        }
    }
}
