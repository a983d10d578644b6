using Helios.Sdk.Backends;
using Helios.Sdk.Cpu.Tests.Support;
using Helios.Sdk.ExitPolicies;
using Helios.Sdk.Models;

namespace Helios.Sdk.Cpu.Tests.Model;

/// <summary>Tests that measure the whole process, and so run while no other does.</summary>
[CollectionDefinition(nameof(QuietTests), DisableParallelization = true)]
[Collection(nameof(QuietTests))]
public sealed class QuietTests
{
    // Behind position 512 a sequence attends in splits, on as many threads.
    [Theory]
    [InlineData(Precision.Fp32, 3, 0)]
    [InlineData(Precision.Int4, 9, 600)]
    public void Nothing_is_allocated_by_a_step(Precision precision, int threads, int start)
    {
        var architecture = MemoryCheckpoint.Architecture(hidden: 256, headDim: 32, feedForward: 512, vocabulary: 1003, context: 1024);
        using var session = new Session(new CpuUnderTest(), new MemoryCheckpoint(architecture), threads: threads, precision: precision);
        var step = new Steps(session, start);
        for (var i = 0; i < 30; i++) step.Run(i);

        // Workers are seen only in the total of the process, to which the test host adds what it pleases when it pleases.
        // What a step allocates is in every round; so the least of many short rounds, some of which the host leaves alone even
        // on a busy machine, bounds it, below one object a step.
        const int steps = 20;
        const int smallestObject = 24;
        var least = long.MaxValue;
        var mine = GC.GetAllocatedBytesForCurrentThread();
        for (var round = 0; round < 400 && least >= steps * smallestObject; round++)
        {
            var total = GC.GetTotalAllocatedBytes(precise: true);
            for (var i = 0; i < steps; i++) step.Run(i % 40);
            least = Math.Min(least, GC.GetTotalAllocatedBytes(precise: true) - total);
        }

        (GC.GetAllocatedBytesForCurrentThread() - mine).Should().Be(0);
        least.Should().BeLessThan(steps * smallestObject);
    }

    /// <summary>A step with every kind of call in it: a check, rows that leave at two depths, all ways to draw.</summary>
    private sealed class Steps(Session session, int start)
    {
        private readonly KvBlock[] table = session.Table(start + 200);
        private readonly StepRow[] rows = new StepRow[4];
        private readonly SampleRow[] draws = new SampleRow[4];
        private readonly SampledToken[] tokens = new SampledToken[4];
        private readonly ExitSignal[] signals = new ExitSignal[4];
        private readonly TokenLogProbability[] likeliest = new TokenLogProbability[20];
        private readonly NoNewline edit = new();
        private readonly int[] all = [0, 1, 2, 3];

        public void Run(int step)
        {
            for (var i = 0; i < 4; i++)
            {
                rows[i] = new StepRow(step + i, start + 4 * step + i, 0, 3);
                draws[i] = new SampleRow(i, i == 0 ? 0 : 0.8f, i == 1 ? 10 : 0, i == 2 ? 0.9f : 1, 0.37, ExitSignals.Top1)
                {
                    MinP = i == 3 ? 0.05f : 0,
                    Edit = i % 2 == 0 ? edit : null,
                    Likeliest = likeliest.AsMemory(5 * i, 5),
                };
            }

            session.Model.Begin(new StepBatch { Rows = rows, Blocks = table });
            session.Model.Run(LayerRange.To(1));
            session.Model.ReadSignals(new ExitCheck { Rows = all, Needs = ExitSignals.Top1 | ExitSignals.Entropy }, signals);
            session.Model.Retire(all.AsSpan(1, 1));
            session.Model.Run(new LayerRange(1, 3));
            session.Model.Retire(all.AsSpan(0, 1));
            session.Model.Retire(all.AsSpan(2, 2));
            session.Model.Sample(draws, tokens);
        }
    }

    private sealed class NoNewline : ILogitsEdit
    {
        public void Edit(int position, Span<float> logits) => logits[10] = float.NegativeInfinity;
    }
}
