using Helios.Sdk.Serving;
using Helios.Sdk.Serving.Requests;
using Helios.Sdk.Tests.Serving.Fakes;

namespace Helios.Sdk.Tests.Serving;

/// <summary>Layers with windows: blocks behind them are given up, and nobody misses them.</summary>
public class WindowTests
{
    private static readonly Dictionary<string, Func<int, int?>> Layers = new(StringComparer.Ordinal)
    {
        ["all, one token"] = _ => 1,
        ["all, 40"] = _ => 40,
        ["every other, 7"] = layer => layer % 2 == 0 ? 7 : null,
        ["five of six, 33"] = layer => layer < 5 ? 33 : null,
        ["two windows"] = layer => layer switch { 0 or 3 => 16, 1 => 50, _ => null },
    };

    public static TheoryData<string> Windows() => new(Layers.Keys);

    [Theory]
    [MemberData(nameof(Windows))]
    public void Answers_are_those_of_a_model_that_keeps_everything(string window)
    {
        var options = new ServingOptions { MaxBatchSize = 8, MaxRowsPerStep = 48 };
        using var rig = new LoopRig(options, budget: 12 << 11, slabBytes: 1 << 11, window: Layers[window]);
        var random = new Random(3);
        var all = new List<Sequence>();
        var routes = new[] { rig.Route(), rig.Route(4, "top1:0.5"), rig.Route(2), rig.Route(draftDepth: 2) };
        for (var i = 0; i < 120; i++)
        {
            if (i % 15 == 0) rig.Routes.Publish(routes[i / 15 % routes.Length]);

            // Prompts that begin alike, as conversations do, and answers to one prompt.
            int[] prompt = [.. LoopRig.Prompt(random.Next(0, 5) * 24, salt: 1), .. LoopRig.Prompt(random.Next(1, 30), salt: i)];
            var source = i % 4 == 1 ? all[^1] : null;
            if (source is not null) prompt = [.. source.Tokens[..source.PromptLength]];
            all.Add(rig.Submit(prompt, random.Next(1, 70), source: source));
            for (var steps = random.Next(6); steps > 0; steps--) rig.Step();
            if (random.Next(9) == 0) rig.Loop.Sequences.PreemptLeast(rig.Blocks);
            if (random.Next(12) == 0 && rig.Loop.Sequences.Count > 0) rig.Blocks.Trim(rig.Budget.Free + rig.Blocks.BytesPerSlab);
            rig.Verify();
        }

        rig.RunToEnd();

        all.Should().AllSatisfy(LoopRig.MustBeRight);
        rig.Loop.Sequences.Preemptions.Should().BePositive();
        rig.MustBeIdle();
    }

    [Fact]
    public void A_sequence_of_any_length_takes_what_its_window_takes()
    {
        using var rig = new LoopRig(new ServingOptions { MaxRowsPerStep = 16 }, budget: 4 << 11, slabBytes: 1 << 11, window: _ => 20).Serve();
        rig.Blocks.Possible(rig.KvShape).Should().BeLessThan(10, "a whole sequence takes over 60 blocks");
        var sequence = rig.Submit(LoopRig.Prompt(500, 1), 500);

        rig.RunToEnd();

        LoopRig.MustBeRight(sequence);
        rig.Blocks.PeakBytes.Should().BeLessThanOrEqualTo(5 * rig.Blocks.BlockBytes(rig.KvShape));
    }

    [Fact]
    public void Full_layers_keep_theirs()
    {
        using var rig = new LoopRig(new ServingOptions { MaxRowsPerStep = 16 }, budget: 1 << 20, window: layer => layer == 5 ? null : 16).Serve();
        var sequence = rig.Submit(LoopRig.Prompt(200, 1), 56);
        while (sequence.Known < 250) rig.Step();

        sequence.Kv!.Tables.ToArray().Select(table => (table.Shape.Layers, table.Held)).Should().Equal((5, 3), (1, 16));
        rig.RunToEnd();
        LoopRig.MustBeRight(sequence);
    }

    [Theory]
    [MemberData(nameof(Windows))]
    public void What_was_cached_serves_again(string window)
    {
        using var rig = new LoopRig(new ServingOptions { MaxRowsPerStep = 64 }, budget: 1 << 20, window: Layers[window]).Serve();
        var system = LoopRig.Prompt(160, 1);
        var first = rig.Submit([.. system, .. LoopRig.Prompt(50, 2)], 60);
        rig.RunToEnd();

        // The system prompt ends in the middle of the first prompt, the conversation where its answer ended.
        var second = rig.Submit([.. system, .. LoopRig.Prompt(50, 3)], 20);
        int[] conversation = [.. first.Tokens, .. LoopRig.Prompt(9, 4)];
        var third = rig.Submit(conversation, 20);
        rig.RunToEnd();

        second.CachedPromptTokens.Should().Be(160);
        third.CachedPromptTokens.Should().BeGreaterThanOrEqualTo(conversation.Length - 9 - 17);
        LoopRig.MustBeRight(second);
        LoopRig.MustBeRight(third);
    }

    [Fact]
    public void Blocks_behind_windows_go_first_and_leave_what_follows_of_use()
    {
        using var rig = new LoopRig(new ServingOptions { MaxRowsPerStep = 64 }, budget: 10 << 11, slabBytes: 1 << 11, window: _ => 20).Serve();
        var first = rig.Submit(LoopRig.Prompt(200, 1), 8);
        rig.RunToEnd();
        var cached = rig.Blocks.CachedBytes;
        var other = rig.Submit(LoopRig.Prompt(130, 2), 8);
        rig.RunToEnd();
        rig.Blocks.CachedBytes.Should().BeGreaterThan(0).And.BeLessThan(2 * cached, "memory is short");

        var again = rig.Submit([.. first.Tokens[..200], 5], 8);
        rig.RunToEnd();

        again.CachedPromptTokens.Should().Be(192, "the window before it is still there");
        LoopRig.MustBeRight(again);
        LoopRig.MustBeRight(other);
        LoopRig.MustBeRight(first);
        rig.MustBeIdle();
    }
}
