using System.Globalization;
using System.Runtime.InteropServices;
using Helios.Sdk.Backends;
using Helios.Sdk.Models;

namespace Helios.Sdk.TorchSharp.Tests.Model;

/// <summary>The most memory that a step takes of the process, against what the backend reserves for it.</summary>
[Collection(Alone.Name)]
public sealed partial class StepPeakTests
{
    // Large enough that the tensors of the dimension under test hide what else the process allocates.
    private const int Large = 4096;
    private const int Rows = 512;
    private const int SequenceTokens = 16;
    private const int Repeats = 5;

    private static readonly NormLayout Offset = new(NormKind.RmsOffset, 1e-6f);

    public static TheoryData<string, string> Cases()
    {
        var cases = new TheoryData<string, string>();
        foreach (var trait in new[] { "plain", "around", "after the sum", "parallel", "experts" }) cases.Add("hidden", trait);
        foreach (var trait in new[] { "plain", "norms of heads", "soft-cap" }) cases.Add("heads", trait);
        foreach (var trait in new[] { "plain", "norms of heads", "soft-cap" }) cases.Add("key/value heads", trait);
        foreach (var trait in new[] { "plain", "no gate", "experts" }) cases.Add("feed-forward", trait);
        foreach (var trait in new[] { "plain", "scaling by length" }) cases.Add("head", trait);
        return cases;
    }

    [SkippableTheory]
    [MemberData(nameof(Cases))]
    public void A_step_takes_no_more_than_is_reserved_for_it(string large, string trait)
    {
        TorchUnderTest.RequireTorch();

        // The peak of a process is read from /proc; on other systems nothing is measured.
        if (!OperatingSystem.IsLinux()) return;
        var plain = MemoryCheckpoint.Architecture(
            layers: 2, hidden: large == "hidden" ? Large : 64, heads: large is "heads" or "key/value heads" ? Large / 32 : 2, kvHeads: large == "key/value heads" ? Large / 32 : 1,
            headDim: large == "head" ? Large : 32, feedForward: large == "feed-forward" ? Large : 32, vocabulary: 32, context: Rows);
        var architecture = plain with { Stack = plain.Stack.Select(layer => With(trait, layer)) };
        using var session = new Session(new TorchUnderTest(), new MemoryCheckpoint(architecture), maxRows: Rows, blocks: Rows / SequenceTokens, variant: "cpu");
        var table = session.Table(Rows);
        Step(session, table, SequenceTokens);

        // Whatever else the process allocates meanwhile adds to what a step takes, so the least of several steps is the step's own.
        var taken = Enumerable.Range(0, Repeats).Min(_ => Taken(() => Step(session, table, Rows)));
        taken.Should().BeGreaterThan(2L * Rows * Large, "else nothing was measured");
        taken.Should().BeLessThan(session.Backend.MeasureWorkspace(architecture, Rows));
    }

    private static long Taken(Action step)
    {
        GiveBackWhatWasFreed();
        var before = Environment.WorkingSet;
        File.WriteAllText("/proc/self/clear_refs", "5");
        step();
        return Peak() - before;
    }

    private static LayerLayout With(string trait, LayerLayout layer) => trait switch
    {
        "around" => layer with { NormPosition = NormPosition.Around, Norm = Offset, ResidualScale = 0.5f },
        "after the sum" => layer with { NormPosition = NormPosition.AfterResidual, Norm = new NormLayout(NormKind.Layer, 1e-6f, HasBias: true) },
        "parallel" => layer with { NormPosition = NormPosition.Around, Norm = Offset, IsParallel = true },
        "experts" => layer with { FeedForward = layer.FeedForward with { Experts = new ExpertsLayout(2, 2, Normalizes: true) } },
        "norms of heads" => layer with { Attention = layer.Attention with { QueryKeyNorm = Offset, NormsWholeProjection = true } },
        "soft-cap" => layer with { Attention = layer.Attention with { QueryKeyNorm = Offset, SoftCap = 5 } },
        "no gate" => layer with { FeedForward = layer.FeedForward with { IsGated = false, HasBias = true, Activation = Activation.GeluTanh } },
        "scaling by length" => layer with { Attention = layer.Attention with { Rotary = layer.Attention.Rotary! with { Scaling = new DynamicRopeScaling(4, 8) } } },
        _ => layer,
    };

    // Sequences of a block each, of whose rows one leaves early.
    private static void Step(Session session, KvBlock[] table, int count)
    {
        var rows = new StepRow[count];
        for (var i = 0; i < rows.Length; i++) rows[i] = new StepRow(i % 32, i % SequenceTokens, i / SequenceTokens, session.Depth);
        session.Model.Begin(new StepBatch { Rows = rows, Blocks = table });
        session.Model.Run(LayerRange.To(1));
        session.Model.Retire([3]);
        session.Model.Run(new LayerRange(1, 2));
        session.Model.Retire([.. Enumerable.Range(0, rows.Length).Where(row => row != 3)]);
        session.Greedy(3);
    }

    private static long Peak() =>
        long.Parse(File.ReadLines("/proc/self/status").First(line => line.StartsWith("VmHWM", StringComparison.Ordinal)).Split(' ', StringSplitOptions.RemoveEmptyEntries)[1], CultureInfo.InvariantCulture) << 10;

    // Else the C library keeps some of what was freed, of sizes that depend on what came before, and gives it back at any time.
    private static void GiveBackWhatWasFreed()
    {
        const int trimThreshold = -1;
        const int mapThreshold = -3;
        MallOpt(mapThreshold, 1 << 18).Should().Be(1);
        MallOpt(trimThreshold, 1 << 18).Should().Be(1);
        _ = MallocTrim(0);
    }

    [LibraryImport("libc", EntryPoint = "mallopt")]
    private static partial int MallOpt(int parameter, int value);

    [LibraryImport("libc", EntryPoint = "malloc_trim")]
    private static partial int MallocTrim(nuint pad);
}
