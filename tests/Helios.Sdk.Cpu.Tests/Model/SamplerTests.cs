using System.Runtime.InteropServices;
using FsCheck;
using FsCheck.Fluent;
using Helios.Sdk.Backends;
using Helios.Sdk.Cpu.Kernels;
using Helios.Sdk.Cpu.Model;
using Helios.Sdk.ExitPolicies;

namespace Helios.Sdk.Cpu.Tests.Model;

/// <summary>Draws against a sorted distribution in float64.</summary>
public sealed unsafe class SamplerTests
{
    private static readonly CpuKernels Kernels = CpuKernels.For(null);

    [Theory]
    [InlineData(1, 3)]
    [InlineData(105, 3)]
    [InlineData(5003, 3)]
    [InlineData(5003, 0.01)]
    [InlineData(5003, 40)]
    public void Draws_follow_the_sorted_distribution(int size, double spread)
    {
        var random = new Random(size);
        var logits = Enumerable.Range(0, size).Select(_ => (float)(spread * (random.NextDouble() - 0.5) * 6)).ToArray();
        for (var i = 0; i < size; i += 7) logits[i] = logits[i / 2];
        foreach (var temperature in new[] { 0.3f, 1f, 2.5f })
            foreach (var topK in new[] { 0, 1, 2, 40, size })
                foreach (var topP in new[] { 0.01f, 0.5f, 0.95f, 1f })
                    foreach (var minP in new[] { 0f, 0.03f, 1f })
                        foreach (var uniform in new[] { 0, 0.1, 0.5, 0.9, 0.999, 1 - 1e-16 })
                            MustBeRight(logits, new SampleRow(0, temperature, topK, topP, uniform, ExitSignals.None) { MinP = minP });
    }

    [Fact]
    public void Any_cuts_of_any_logits_keep_what_a_sorted_reference_keeps()
    {
        var cases =
            from size in Gen.Choose(1, 300)
            from logits in Gen.ArrayOf(Gen.Frequency((1, Gen.Constant(float.NegativeInfinity)), (9, Gen.Choose(-40, 40).Select(eighths => eighths / 8f))), size)
            from top in Gen.Choose(0, size - 1)
            from temperature in Gen.Choose(1, 40).Select(tenths => tenths / 10f)
            from topK in Gen.Choose(0, size + 5)
            from topP in Gen.Choose(1, 100).Select(percent => percent / 100f)
            from minP in Gen.Choose(0, 100).Select(percent => percent / 100f)
            from uniform in Gen.Choose(0, 999).Select(thousandths => thousandths / 1000d)
            select (logits, top, Row: new SampleRow(0, temperature, topK, topP, uniform, ExitSignals.None) { MinP = minP });
        Check.One(Config.QuickThrowOnFailure.WithMaxTest(2000), Prop.ForAll(cases.ToArbitrary(), drawn =>
        {
            drawn.logits[drawn.top] = 5;
            MustBeRight(drawn.logits, drawn.Row);
        }));
    }

    [Theory]
    [ClassData(typeof(MinPCases))]
    public void Min_p_keeps_a_share_of_the_likeliest(float minP, float topP, int last)
    {
        var row = new SampleRow(0, 1, 0, topP, 1 - 1e-16, ExitSignals.None) { MinP = minP };
        Draw(MinPCases.Logits, row).Should().Be(last);
        Draw(MinPCases.Logits, row with { Uniform = 0 }).Should().Be(0);
    }

    [Fact]
    public void Min_p_is_taken_after_the_temperature()
    {
        // At temperature 2 the second weighs the square root of 1/16.
        float[] logits = [MathF.Log(16), 0, -50];
        var row = new SampleRow(0, 1, 0, 1, 1 - 1e-16, ExitSignals.None) { MinP = 0.2f };
        Draw(logits, row).Should().Be(0);
        Draw(logits, row with { Temperature = 2 }).Should().Be(1);
    }

    [Fact]
    public void Zero_temperature_takes_the_lowest_of_the_likeliest()
    {
        var logits = new float[105];
        (logits[9], logits[70]) = (2, 2);
        Draw(logits, new SampleRow(0, 0, 0, 1, 0.99, ExitSignals.None)).Should().Be(9);
        Draw(logits, new SampleRow(0, 1e-30f, 0, 1, 0.3, ExitSignals.None)).Should().Be(9, "two are left, and the lower id comes first");
        Draw(logits, new SampleRow(0, 1e-30f, 0, 1, 0.7, ExitSignals.None)).Should().Be(70);
    }

    [Fact]
    public void Nan_and_infinities_stay_in_range()
    {
        var logits = new float[105];
        logits[3] = float.NaN;
        Draw(logits, new SampleRow(0, 1, 0, 0.9f, 0.5, ExitSignals.None)).Should().BeInRange(0, 104);
        Array.Fill(logits, float.NegativeInfinity);
        logits[44] = 1;
        foreach (var uniform in new[] { 0, 0.5, 0.9999999 })
            Draw(logits, new SampleRow(0, 1, 50, 1, uniform, ExitSignals.None)).Should().Be(44);
    }

    // The largest draw there is asks for all the mass: whatever rounding makes of the sums, no token without weight answers.
    [Theory]
    [InlineData(0, 1)]
    [InlineData(0, 0.999999f)]
    [InlineData(4000, 1)]
    public void The_last_draw_takes_no_token_that_is_forbidden(int topK, float topP)
    {
        for (var seed = 0; seed < 50; seed++)
        {
            var random = new Random(seed);
            var logits = Enumerable.Range(0, 5003).Select(_ => (float)random.NextDouble() * 20).ToArray();
            for (var i = 0; i < logits.Length; i += 2) logits[i] = float.NegativeInfinity;
            var row = new SampleRow(0, 1, topK, topP, Math.BitDecrement(1d), ExitSignals.None);
            logits[Draw(logits, row)].Should().BeGreaterThanOrEqualTo(0);
        }
    }

    [Fact]
    public void The_likeliest_of_any_logits_are_the_first_of_all_sorted()
    {
        var cases = Gen.Choose(-6, 6).Select(logit => (float)logit).NonEmptyListOf().Zip(Gen.Choose(1, 20));
        Check.One(Config.QuickThrowOnFailure.WithMaxTest(500), Prop.ForAll(cases.ToArbitrary(), drawn =>
        {
            var (logits, count) = drawn;
            var found = new TokenLogProbability[count];
            HeadReader.FindLikeliest(logits.ToArray(), new LogitSummary { Sum = 1 }, found);
            var order = logits.Select((logit, id) => new TokenLogProbability(id, logit)).OrderByDescending(token => token.LogProbability).ThenBy(token => token.TokenId);
            found.Take(logits.Count).Should().Equal(order.Take(count));
        }));
    }

    private static void MustBeRight(float[] logits, SampleRow row)
    {
        var got = Draw(logits, row);
        var order = Enumerable.Range(0, logits.Length).OrderByDescending(i => logits[i]).ThenBy(i => i).ToList();
        if (row.TopK > 0) order = order[..Math.Min(row.TopK, order.Count)];
        var weights = order.Select(i => Math.Exp(((double)logits[i] - logits[order[0]]) / row.Temperature)).ToList();
        var (total, sum, kept) = (weights.Sum(), 0d, 0);
        do sum += weights[kept++];
        while (kept < weights.Count && sum < row.TopP * total);
        kept = weights.Take(kept).Count(weight => weight >= row.MinP * (1 - 1e-6));
        var target = row.Uniform * weights.Take(kept).Sum();

        // The sums that bracket the token bracket the draw; float weights may move them by a hair.
        var slack = 2e-6 * total;
        var place = order.IndexOf(got);
        var below = weights.Take(place).Sum();
        place.Should().BeGreaterThanOrEqualTo(0, row.ToString());
        below.Should().BeLessThanOrEqualTo(target + slack, row.ToString());
        (below + weights[place]).Should().BeGreaterThanOrEqualTo(target - slack, row.ToString());
        weights[place].Should().BeGreaterThanOrEqualTo(row.MinP * (1 - 1e-6), row.ToString());
        if (place >= kept) (weights.Take(place).Sum() - row.TopP * total).Should().BeLessThan(slack, row.ToString());
    }

    private static int Draw(float[] logits, SampleRow row)
    {
        var padded = (logits.Length + 15) & ~15;
        var values = (float*)NativeMemory.AlignedAlloc((nuint)padded * 4, 64);
        var scratch = (byte*)NativeMemory.AlignedAlloc((nuint)Sampler.ScratchBytes(padded), 64);
        new Span<float>(values, padded).Fill(float.NegativeInfinity);
        logits.CopyTo(new Span<float>(values, padded));
        try
        {
            var summary = Kernels.Summarise(values, logits.Length, padded, weighted: false);
            return Sampler.Draw(Kernels, values, logits.Length, padded, summary, row, scratch);
        }
        finally
        {
            NativeMemory.AlignedFree(values);
            NativeMemory.AlignedFree(scratch);
        }
    }
}
