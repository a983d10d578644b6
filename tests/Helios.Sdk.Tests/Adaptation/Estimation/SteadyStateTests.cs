using Helios.Sdk.Adaptation.Estimation;

namespace Helios.Sdk.Tests.Adaptation.Estimation;

public class SteadyStateTests
{
    // A layer: 1 ms and 0.1 ms a row beyond the first; the head 2 ms, whatever is sampled. Two layers.
    private static readonly SteadyState Steady = new(
        new StepCosts
        {
            Layer = new RowCurve(1e-3, [.. Enumerable.Repeat(0.1e-3, RowCurve.Segments)], 0),
            Head = new RowCurve(2e-3, [.. new double[RowCurve.Segments]], 0),
        },
        Depth: 2,
        PromptTokens: 20,
        AnswerTokens: 10)
    {
        MaxRowsPerStep = 64,
        MaxDecodeStretch = double.PositiveInfinity,
        UnpacedSeconds = 0,
    };

    [Fact]
    public void One_alone_takes_its_prompt_and_its_steps()
    {
        // Prompt: 2 + 2 (1 + 1.9) = 7.8 ms; a step 4 ms.
        Steady.Ttft(1).Should().BeApproximately(7.8e-3, 1e-12);
        Steady.Tpot(1).Should().BeApproximately(4e-3, 1e-12);
        Steady.Cycle(1).Should().BeApproximately(4e-3 + 7.8e-4, 1e-12);
    }

    [Fact]
    public void Among_others_a_prompt_joins_their_steps_and_stretches_them()
    {
        // Three sequences: a step 2 + 2 (1 + 0.2) = 4.4 ms; a prompt of 20 rows beside two others adds 2 x 20 x 0.1 = 4 ms.
        Steady.Tpot(3).Should().BeApproximately(4.4e-3 + 2 * 4e-3 / 10, 1e-12);
        Steady.Cycle(3).Should().BeApproximately(4.4e-3 + 3 * 4e-3 / 10, 1e-12);
        // The step under way of the two others, 4.2 ms; then one of 4.2 + 4.
        Steady.Ttft(3).Should().BeApproximately(4.2e-3 + 4.2e-3 + 4e-3, 1e-12);
    }

    [Fact]
    public void Pacing_takes_a_prompt_in_over_several_steps()
    {
        // A step may be stretched by half of 4.2 ms: the 4 ms take 4 / 2.1 steps.
        (Steady with { MaxDecodeStretch = 1.5 }).Ttft(3).Should().BeApproximately(4.2e-3 + 4e-3 / 2.1e-3 * 4.2e-3 + 4e-3, 1e-9);
        (Steady with { MaxDecodeStretch = 1.5, UnpacedSeconds = 0.1 }).Ttft(3).Should().Be(Steady.Ttft(3));
    }

    [Fact]
    public void Batches_are_the_powers_of_two_and_the_largest()
    {
        Steady.Batches(11).Select(timing => timing.Batch).Should().Equal(1, 2, 4, 8, 11);
        Steady.Batches(8).Select(timing => timing.Batch).Should().Equal(1, 2, 4, 8);
        Steady.Batches(1).Select(timing => timing.Batch).Should().Equal(1);
        Steady.Batches(0).Should().BeEmpty();
        (Steady with { Costs = StepCosts.None }).Batches(8).Should().BeEmpty();
        foreach (var timing in Steady.Batches(8)) timing.Throughput.Should().BeApproximately(timing.Batch / Steady.Cycle(timing.Batch), 1e-9);
    }

    [Fact]
    public void The_batch_grows_with_what_is_asked_for()
    {
        Steady.BatchFor(1, most: 64).Should().Be(1);
        var three = 3 / Steady.Cycle(3);
        Steady.BatchFor(three - 1, most: 64).Should().Be(3);
        Steady.BatchFor(three + 1, most: 64).Should().Be(4);
        Steady.BatchFor(1e9, most: 64).Should().Be(64);
    }

    [Theory]
    [InlineData(1, 0.5)]
    [InlineData(4, 3)]
    [InlineData(16, 15)]
    public void Waiting_is_that_of_a_queue_with_so_many_servers(int places, double load)
    {
        // Simulated: arrivals and service times at random, a seed of its own; the 95th percentile of 200,000 waits.
        var random = new Random(places);
        double Exponential(double mean) => -mean * Math.Log(1 - random.NextDouble());
        var free = new PriorityQueue<int, double>();
        for (var i = 0; i < places; i++) free.Enqueue(i, 0);
        var now = 0.0;
        var waits = new double[200_000];
        for (var i = 0; i < waits.Length; i++)
        {
            now += Exponential(1 / load);
            free.TryDequeue(out var place, out var at);
            waits[i] = Math.Max(0, at - now);
            free.Enqueue(place, now + waits[i] + Exponential(1));
        }

        Array.Sort(waits);
        var expected = waits[(int)(0.95 * waits.Length)];
        Waiting.Quantile(places, load, serviceSeconds: 1, share: 0.05).Should().BeApproximately(expected, 0.12 * expected);
    }

    [Fact]
    public void Waiting_rises_with_load_and_stays_finite_beyond_what_can_be_served()
    {
        double At(double load) => Waiting.Quantile(8, load, serviceSeconds: 2, share: 0.05);

        At(0.1).Should().Be(0);
        double[] loads = [4, 6, 7, 7.9, 7.9999, 8, 9, 16];
        loads.Select(At).Should().BeInAscendingOrder();
        At(7.9999999).Should().Be(Waiting.HorizonSeconds);
        At(16).Should().Be(2 * Waiting.HorizonSeconds);
    }
}
