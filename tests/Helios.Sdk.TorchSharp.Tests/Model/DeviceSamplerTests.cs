using FsCheck;
using FsCheck.Fluent;
using Helios.Sdk.Backends;
using Helios.Sdk.ExitPolicies;
using Helios.Sdk.TorchSharp.Devices;
using Helios.Sdk.TorchSharp.Loading;
using Helios.Sdk.TorchSharp.Model;
using TorchSharp;

namespace Helios.Sdk.TorchSharp.Tests.Model;

/// <summary>The likeliest tokens give what all tokens give, or say that they do not.</summary>
public sealed class DeviceSamplerTests : IDisposable
{
    private const int Vocabulary = 300;
    private const int Candidates = 32;
    private const int Rows = 8;

    private readonly MemoryCheckpoint checkpoint = new(MemoryCheckpoint.Architecture());
    private readonly TorchSharpBackend backend = TorchUnderTest.OnCpu();
    private readonly MemoryBudget budget = new(1L << 30);
    private readonly IFixedPart fixedPart;
    private readonly Memory.TorchKvStore kv;
    private readonly StepConstants constants;

    public DeviceSamplerTests()
    {
        fixedPart = Session.Wait(backend.Loader.LoadFixedAsync(checkpoint, Precision.Fp32, budget.TryReserve(backend.Loader.Measure(checkpoint, Precision.Fp32).FixedBytes)!, default));
        kv = (Memory.TorchKvStore)backend.CreateKvStore(1 << 16, 16);
        constants = new StepConstants((TorchFixedPart)fixedPart, kv, TorchDevice.Open("cpu"));
    }

    // Logits in steps, so that there are ties, and some that are impossible.
    [SkippableFact]
    public void What_is_settled_is_what_sorting_all_gives()
    {
        var settled = 0;
        Prop.ForAll(Gen.Choose(0, int.MaxValue).ToArbitrary(), seed =>
        {
            var random = new Random(seed);
            using var scope = torch.NewDisposeScope();
            var spread = random.Next(1, 12);
            var steps = random.Next(2, 200);
            var logits = torch.tensor(Enumerable.Range(0, Rows * Vocabulary).Select(_ => Logit(random, spread, steps)).ToArray()).view(Rows, Vocabulary);
            var draws = Enumerable.Range(0, Rows).Select(row => Draw(random, row)).ToArray();
            var summary = new LogitSummary(logits);
            var expected = DeviceSampler.DrawSorted(constants, logits, summary, draws).data<long>().ToArray();
            var (ids, isSettled) = DeviceSampler.Draw(constants, logits, summary, draws, Candidates);
            var (got, known) = (ids.data<long>().ToArray(), isSettled?.to(ScalarType.Int64).data<long>().ToArray());
            for (var row = 0; row < Rows; row++)
            {
                if (known is not null && known[row] == 0) continue;
                settled++;
                got[row].Should().Be(expected[row], $"row {row} of {seed}: {draws[row]}");
            }
        }).QuickCheckThrowOnFailure();
        settled.Should().BeGreaterThan(Rows * 20, "else nothing was tested");
    }

    [SkippableTheory]
    [InlineData(0.7f, 40, 1f, 0f, 0.999)]
    [InlineData(0.7f, 0, 0.9f, 0f, 0.999)]
    [InlineData(1f, 0, 1f, 0.05f, 0.999)]
    [InlineData(0.7f, 0, 1f, 0f, 0.5)]
    public void The_usual_ways_to_draw_are_settled_by_a_model_that_is_fairly_sure(float temperature, int topK, float topP, float minP, double uniform)
    {
        using var scope = torch.NewDisposeScope();
        var logits = torch.arange(32_000, ScalarType.Float32).mul(-0.1f).view(1, -1);
        SampleRow[] draws = [new(0, temperature, topK, topP, uniform, ExitSignals.None) { MinP = minP }];
        var (ids, settled) = DeviceSampler.Draw(constants, logits, new LogitSummary(logits), draws);
        settled!.item<bool>().Should().BeTrue();
        ids.item<long>().Should().Be(DeviceSampler.DrawSorted(constants, logits, new LogitSummary(logits), draws).item<long>());
    }

    [SkippableFact]
    public void Where_all_are_alike_the_likeliest_settle_nothing()
    {
        using var scope = torch.NewDisposeScope();
        var logits = torch.zeros(1, 32_000);
        var (_, settled) = DeviceSampler.Draw(constants, logits, new LogitSummary(logits), [new(0, 1, 0, 0.9f, 0.5, ExitSignals.None)]);
        settled!.item<bool>().Should().BeFalse();
    }

    public void Dispose()
    {
        constants.Dispose();
        kv.Dispose();
        fixedPart.Dispose();
        backend.Dispose();
        checkpoint.Dispose();
    }

    private static float Logit(Random random, int spread, int steps) =>
        random.Next(10) == 0 ? float.NegativeInfinity : MathF.Round(random.NextSingle() * steps) / steps * spread;

    private static SampleRow Draw(Random random, int row)
    {
        var temperature = random.Next(6) switch { 0 => 0, 1 => 0.05f, _ => 0.2f + (2 * random.NextSingle()) };
        var topK = random.Next(4) switch { 0 => 0, 1 => random.Next(1, Candidates + 1), 2 => random.Next(1, Vocabulary + 9), _ => 0 };
        var topP = random.Next(2) == 0 ? 1 : random.NextSingle();
        return new SampleRow(row, temperature, topK, topP, random.NextDouble(), ExitSignals.None) { MinP = random.Next(3) == 0 ? random.NextSingle() * 0.3f : 0 };
    }
}
