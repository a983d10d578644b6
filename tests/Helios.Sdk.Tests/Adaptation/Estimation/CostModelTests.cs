using FsCheck;
using FsCheck.Fluent;
using Helios.Sdk.Adaptation.Estimation;
using Helios.Sdk.Serving.Decoding;

namespace Helios.Sdk.Tests.Adaptation.Estimation;

public class CostModelTests
{
    private static readonly int[] Rows = [1, 2, 3, 4, 6, 8, 16, 24, 32, 64, 100, 256];

    [Fact]
    public void It_recovers_a_law_from_noisy_steps()
    {
        Prop.ForAll(Gen.Choose(0, 10_000).ToArbitrary(), seed =>
        {
            var random = new Random(seed);
            var law = new Law(random);
            var model = new CostModel();
            for (var i = 0; i < 1500; i++)
            {
                // Noise of 10 %, and now and then a pause of ten times the step.
                var noise = 1 + 0.1 * (2 * random.NextDouble() - 1);
                if (i > 200 && random.Next(100) == 0) noise = 10;
                model.Observe(law.Step(Rows[random.Next(Rows.Length)], 1 + random.Next(12), random.Next(1, 256), noise));
            }

            return Rows.All(rows => Near(model.Current.PredictStep(rows, 6, 100), law.Seconds(rows, rows, 6, 100 * rows), 0.1));
        }).QuickCheckThrowOnFailure();
    }

    [Fact]
    public void It_draws_the_line_on_where_nothing_was_measured()
    {
        var model = new CostModel();
        for (var i = 0; i < 200; i++)
        {
            var rows = i % 8 + 1;
            model.Observe(new StepTiming(rows, rows, 1, 0, new StepTimes(1e-3 + 1e-4 * rows, 1e-4, 0)));
        }

        model.Refit();

        model.Current.PredictStep(64, 1, 0).Should().BeApproximately(1e-3 + 1e-4 * 64 + 1e-4, 3e-4);
    }

    [Fact]
    public void Decoding_does_not_wash_out_what_a_prefill_showed()
    {
        var model = new CostModel();
        for (var i = 0; i < 10; i++) model.Observe(new StepTiming(256, 1, 1, 0, new StepTimes(0.2, 1e-4, 0)));
        for (var i = 0; i < 5000; i++) model.Observe(new StepTiming(1, 1, 1, 0, new StepTimes(0.001, 1e-4, 0)));

        model.Current.Layer.At(256, 0).Should().BeApproximately(0.2, 0.01);
        model.Current.Layer.At(1, 0).Should().BeApproximately(0.001, 5e-5);
    }

    [Fact]
    public void It_follows_a_machine_that_becomes_slower()
    {
        var model = new CostModel();
        for (var i = 0; i < 500; i++) model.Observe(new StepTiming(4, 4, 2, 100, new StepTimes(0.002, 1e-4, 1e-5)));
        for (var i = 0; i < 2000; i++) model.Observe(new StepTiming(4, 4, 2, 100, new StepTimes(0.010, 1e-4, 1e-5)));

        model.Current.Predict(4, 4, 2, 100).Should().BeApproximately(0.01011, 0.0005);
        model.Current.RelativeError.Should().BeLessThan(0.05);
    }

    [Fact]
    public void A_prefill_is_its_chunks()
    {
        var costs = new StepCosts
        {
            OtherSeconds = 1,
            Head = RowCurve.Zero with { Base = 10 },
            Layer = new RowCurve(100, [.. Enumerable.Repeat(0.0, RowCurve.Segments)], 0.5),
        };

        // 5 tokens in chunks of 2, 2, 1: contexts 1+2, 3+4 and 5; the head once, on the last.
        costs.PredictPrefill(5, depth: 2, chunkRows: 2).Should().BeApproximately(3 * 1 + 10 + 2 * (3 * 100 + 0.5 * 15), 1e-9);
        costs.Scale(2, 3).PredictStep(1, 1, 4).Should().BeApproximately(1 + 30 + 200 + 4, 1e-9);
    }

    [Fact]
    public void Nothing_measured_predicts_nothing()
    {
        var model = new CostModel();
        model.Observe(new StepTiming(0, 0, 0, 0, default));
        model.Observe(new StepTiming(1, 1, 1, 1, new StepTimes(double.NaN, 0, 0)));

        model.Current.IsMeasured.Should().BeFalse();
        model.Current.RelativeError.Should().BeNull();
        model.Current.PredictStep(1, 6, 10).Should().Be(0);
    }

    private static bool Near(double predicted, double truth, double tolerance) => Math.Abs(predicted - truth) <= tolerance * truth;

    /// <summary>o + h(rows) + depth (w(rows) + c context), h and w with a knee at a power of two.</summary>
    private sealed class Law(Random random)
    {
        private readonly double other = 1e-4 * (0.5 + random.NextDouble());
        private readonly double head = 2e-4 * (0.5 + random.NextDouble());
        private readonly double layer = 5e-4 * (0.5 + random.NextDouble());
        private readonly double perRow = 5e-5 * (0.5 + random.NextDouble());
        private readonly double perContext = 2e-7 * (0.5 + random.NextDouble());
        private readonly int knee = 1 << random.Next(2, 6);

        public double Seconds(int rows, int sampled, double depth, double context) => other + Head(sampled) + depth * Layer(rows, context);

        public StepTiming Step(int rows, int depth, int meanContext, double noise) => new(
            rows, rows, depth, rows * meanContext, new StepTimes(depth * Layer(rows, rows * meanContext) * noise, Head(rows) * noise, other * noise));

        private double Head(int rows) => head * (1 + 0.1 * rows);

        private double Layer(int rows, double context) => layer + perRow * Math.Max(0, rows - knee) + 0.2 * perRow * Math.Min(rows, knee) + perContext * context;
    }
}
