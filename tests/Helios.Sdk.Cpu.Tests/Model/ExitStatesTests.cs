using Helios.Backends.Testing.Support;
using Helios.Sdk.Backends;
using Helios.Sdk.Cpu.Tests.Support;
using Helios.Sdk.ExitPolicies;
using Helios.Sdk.Models;

namespace Helios.Sdk.Cpu.Tests.Model;

/// <summary>Maps and networks of exits: a row's results do not depend on the other rows, and their bytes are counted.</summary>
public sealed class ExitStatesTests
{
    private static readonly int[] Tokens = [.. Enumerable.Range(0, 37).Select(i => (i * 31 + 7) % 105)];

    public static TheoryData<string, Precision> Cases()
    {
        var cases = new TheoryData<string, Precision>();
        var under = new CpuUnderTest();
        foreach (var variant in under.Variants)
            foreach (var precision in under.Precisions) cases.Add(variant, precision);
        return cases;
    }

    [Theory]
    [MemberData(nameof(Cases))]
    public void A_row_leaves_with_the_same_results_in_any_batch(string variant, Precision precision)
    {
        using var session = new Session(new CpuUnderTest(), Model(), variant: variant, precision: precision, threads: 3);
        var table = session.Table(64);
        session.Run(table, Tokens, 0);
        var together = Leave(session, table, [.. Enumerable.Range(0, Tokens.Length)]);
        foreach (var row in new[] { 0, 1, 2, 17, Tokens.Length - 1 })
        {
            var alone = Leave(session, table, [row]).Single();
            (together[row].TokenId, together[row].LogProbability, together[row].Signal.Entropy).Should().Be((alone.TokenId, alone.LogProbability, alone.Signal.Entropy));
        }
    }

    [Fact]
    public void Their_bytes_belong_to_the_layer_before_the_exit()
    {
        var model = Model();
        using var backend = new CpuBackend(new CpuOptions { Threads = 1 });
        var plain = model.Info.Architecture with { Stack = model.Info.Architecture.Stack.Select(layer => layer with { ExitTransform = null }) };
        var without = backend.Loader.Measure(new MemoryCheckpoint(plain, TensorType.BF16), Precision.Fp32);
        var with = backend.Loader.Measure(model, Precision.Fp32);
        (with.LayerBytes[0] - without.LayerBytes[0]).Should().Be(4 * 48 * (48 + 1) + Padding(4 * 48));
        (with.LayerBytes[1] - without.LayerBytes[1]).Should().BeInRange(4 * 3 * 48 * 131, 4 * 3 * 48 * 144 + 4 * 48 + 4096);
        with.LayerBytes[2].Should().Be(without.LayerBytes[2]);
        backend.Loader.Measure(model, Precision.Int4).LayerBytes[0].Should().BeGreaterThan(backend.Loader.Measure(new MemoryCheckpoint(plain, TensorType.BF16), Precision.Int4).LayerBytes[0] + (2 * 48 * 48), "a map is not rounded to integers");

        static int Padding(int bytes) => (64 - bytes % 64) % 64;
    }

    // A row leaves at the first exit, the next at the second, the third runs whole: entries of different exits share passes over the head.
    private static SampledToken[] Leave(Session session, KvBlock[] table, int[] which)
    {
        var rows = which.Select(row => new StepRow(Tokens[row], row, 0, session.Depth)).ToArray();
        session.Model.Begin(new StepBatch { Rows = rows, Blocks = table });
        for (var depth = 1; depth <= session.Depth; depth++)
        {
            session.Model.Run(new LayerRange(depth - 1, depth));
            int[] leaving = [.. Enumerable.Range(0, which.Length).Where(i => which[i] % 3 == depth - 1)];
            if (leaving.Length > 0) session.Model.Retire(leaving);
        }

        return session.Greedy([.. Enumerable.Range(0, which.Length)], ExitSignals.Entropy);
    }

    private static MemoryCheckpoint Model()
    {
        var plain = MemoryCheckpoint.Architecture();
        var stack = plain.Stack.Select((layer, i) => layer with
        {
            ExitTransform = i switch { 0 => new ExitMap(HasBias: true), 1 => new ExitFeedForward(layer.FeedForward with { Size = 131 }, layer.Norm), _ => null },
        });
        return new MemoryCheckpoint(plain with { Stack = new LayerSequence(stack) }, TensorType.BF16, 3, new ModelExit(1), new ModelExit(2));
    }
}
