using Helios.Sdk.Cpu.Tests.Support;

namespace Helios.Sdk.Cpu.Tests.Kernels;

/// <summary>
/// What vectors do to integers against plain arithmetic. 256 bits also where this machine puts them together from narrower
/// vectors; 512 only where it has them.
/// </summary>
public sealed class SimdTests
{
    private readonly Random random = new(7);

    public static TheoryData<int> Widths() => [.. KernelTests.AllWidths.Union([256])];

    [Theory]
    [MemberData(nameof(Widths))]
    public void Products_of_16_bits_are_exact_and_wrap_as_integers_do(int width)
    {
        var vectors = VectorOperations.Of(width);
        short[] extremes = [short.MinValue, short.MinValue + 1, -129, -1, 0, 1, 128, 255, 256, short.MaxValue];
        int[] begins = [0, 1, -1, -1_000_000, int.MinValue, int.MaxValue];
        for (var repeat = 0; repeat < 100; repeat++)
        {
            var left = Pick(extremes, 2 * vectors.Lanes);
            var right = Pick(extremes, 2 * vectors.Lanes);
            var sum = Pick(begins, vectors.Lanes);
            (left[0], left[1], right[0], right[1]) = (short.MinValue, short.MinValue, short.MinValue, short.MinValue);
            var expected = sum.Select((begin, lane) => unchecked(begin + left[2 * lane] * right[2 * lane] + left[2 * lane + 1] * right[2 * lane + 1]));
            vectors.DotInt16(left, right, sum).Should().Equal(expected);
        }
    }

    [Theory]
    [MemberData(nameof(Widths))]
    public void Eight_products_of_nibbles_and_their_offset_are_exact(int width)
    {
        var vectors = VectorOperations.Of(width);
        sbyte[][] activations = [[127], [-127], [127, -127], [127, 127, -127, -127], [-127, -127, 127, 127], [0, 1, -1, 64, -127, 127]];
        byte[][] nibbles = [[0], [15], [0, 15], [0, 0, 15, 15], [.. Enumerable.Range(0, 16).Select(nibble => (byte)nibble)]];
        for (var repeat = 0; repeat < 20; repeat++)
            foreach (var some in activations)
                foreach (var weights in nibbles)
                {
                    var column = Enumerable.Range(0, 8).Select(_ => repeat == 0 ? [.. Enumerable.Range(0, 4).Select(i => some[i % some.Length])] : Pick(some, 4)).ToArray();
                    var left = column.Select(_ => Pick(weights, 4 * vectors.Lanes)).ToArray();
                    CheckDotInt8(vectors, (ushort)(-8 * column.Sum(four => four.Sum(activation => activation))), left, column);
                }
    }

    [Theory]
    [MemberData(nameof(Widths))]
    public void An_offset_may_be_negative_and_an_activation_the_least_there_is(int width)
    {
        var vectors = VectorOperations.Of(width);
        foreach (var offset in new short[] { 0, 1, -1, -1000, -20_000, 20_000 })
            foreach (var activation in new sbyte[] { -128, -1, 0, 127 })
                CheckDotInt8(vectors, (ushort)offset, [[.. Enumerable.Repeat((byte)15, 4 * vectors.Lanes)]], [[activation, activation, activation, activation]]);
    }

    [Theory]
    [MemberData(nameof(Widths))]
    public void Bytes_are_widened_and_split_whatever_they_are(int width)
    {
        var vectors = VectorOperations.Of(width);
        for (var first = 0; first < 256; first += vectors.Lanes)
        {
            var bytes = Enumerable.Range(first, 4 * vectors.Lanes).Select(value => (byte)value).ToArray();
            var signed = bytes[..(2 * vectors.Lanes)].Select(value => (sbyte)value).ToArray();
            vectors.WidenInt8(signed).Should().Equal(signed.Select(value => (short)value));
            vectors.LowNibbles(bytes).Should().Equal(bytes.Select(value => (byte)(value & 15)));
            vectors.HighNibbles(bytes).Should().Equal(bytes.Select(value => (byte)(value >> 4)));
        }
    }

    [Theory]
    [MemberData(nameof(Widths))]
    public void Integers_and_floats_become_each_other(int width)
    {
        var vectors = VectorOperations.Of(width);
        int[] integers = [int.MinValue, -32_768, -1, 0, 1, 32_767, 16_777_217, int.MaxValue];
        var some = Pick(integers, vectors.Lanes);
        vectors.FromInt32(some).Should().Equal(some.Select(integer => (float)integer));

        float[] values = [-4_194_304, -4_194_303.5f, -127.5f, -2.5f, -1.5f, -0.5f, -0.49999997f, 0, 0.5f, 0.49999997f, 1.5f, 2.5f, 3.5f, 126.5f, 4_194_303.5f, 4_194_304];
        for (var first = 0; first < values.Length; first += vectors.Lanes)
        {
            var part = values[first..(first + vectors.Lanes)];
            vectors.Round(part).Should().Equal(part.Select(value => MathF.Round(value, MidpointRounding.ToEven)));
        }
    }

    [Theory]
    [MemberData(nameof(Widths))]
    public void Whole_numbers_are_stored_in_order(int width)
    {
        var vectors = VectorOperations.Of(width);
        for (var repeat = 0; repeat < 20; repeat++)
        {
            var shorts = Pick<short>([short.MinValue, -32_767, -129, -1, 0, 1, 200, short.MaxValue], 2 * vectors.Lanes);
            vectors.StoreInt16([.. shorts.Select(integer => (float)integer)]).Should().Equal(shorts);
            var bytes = Pick<sbyte>([sbyte.MinValue, -127, -1, 0, 1, 100, sbyte.MaxValue], 2 * vectors.Lanes);
            vectors.StoreInt8([.. bytes.Select(integer => (float)integer)]).Should().Equal(bytes);
        }
    }

    // Weights differ by lane, the four activations of a product are those of every lane.
    private static void CheckDotInt8(VectorOperations vectors, int offset, byte[][] weights, sbyte[][] activations)
    {
        var right = activations.Select(four => Enumerable.Repeat(four, vectors.Lanes).SelectMany(all => all).ToArray()).ToArray();
        var expected = Enumerable.Range(0, vectors.Lanes).Select(lane =>
            (float)((short)offset + weights.Select((bytes, i) => Enumerable.Range(0, 4).Sum(k => bytes[4 * lane + k] * activations[i][k])).Sum()));
        vectors.SumOfDotInt8(offset, weights, right).Should().Equal(expected);
    }

    private T[] Pick<T>(T[] values, int count) => [.. Enumerable.Range(0, count).Select(_ => values[random.Next(values.Length)])];
}
