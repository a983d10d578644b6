using Helios.Sdk.Adaptation.Loading;
using Helios.Sdk.Adaptation.Scoring;
using Helios.Sdk.Backends;
using Helios.Sdk.ExitPolicies;
using Helios.Sdk.Models;
using Helios.Sdk.Scheduling;
using Helios.Sdk.Serving.KvCache;
using Helios.Sdk.Serving.Requests;
using Helios.Sdk.Serving.Routing;
using Helios.Sdk.Serving.Streaming;
using Helios.Sdk.Tests.Adaptation.Loading;
using Helios.Sdk.Tests.Serving.Fakes;

namespace Helios.Sdk.Tests.Adaptation.Scoring;

/// <summary>The memory of a scoring session, on a device thread that is the test's own.</summary>
public class ScoringSessionTests
{
    [Fact]
    public async Task What_is_staged_has_its_bytes_again_whatever_has_begun_to_run_meanwhile()
    {
        using var rig = PoolRig.Create(["tiny-s"]);
        using var lease = await rig.AcquireAsync("tiny-s", 2);
        var parts = new ScoringParts(rig.Backend, rig.Kv, rig.Blocks, rig.Pool, rig.Memory, rig.Work, Precision.Auto, MaxRowsPerStep: 32) { Loads = new LoadLimit(TimeSpan.FromMinutes(1), TimeProvider.System) };
        var session = new ScoringSession(parts, rig.Pool.Find("tiny-s"), lease.TryShare()!, static () => { });
        (await RunAsync(rig, session.BeginAsync([[.. Enumerable.Range(1, 20)]]))).Should().BeTrue();

        // All that is left is somebody's, and an answer that may grow has begun.
        using var rest = rig.Budget.TryReserve(rig.Budget.Free);
        using var begun = Begin(rig, lease);
        var scored = await RunAsync(rig, session.ScoreAsync(session.Groups[0], [6], CancellationToken.None));
        scored.Texts.Should().ContainSingle().Which.Signals.Should().ContainSingle();

        await session.DisposeAsync();
        rig.Blocks.UsedBytes.Should().Be(0);
    }

    [Fact]
    public async Task A_text_scores_the_same_bits_in_a_group_as_alone_and_a_group_stages_each_layer_once()
    {
        GatedBackend? backend = null;
        using var rig = PoolRig.Create(["tiny-s"], wrap: inner => backend = new GatedBackend(inner), maxRows: 64);
        using var lease = await rig.AcquireAsync("tiny-s", 2);
        int[][] texts = [[.. Enumerable.Range(1, 20)], [7], [.. Enumerable.Range(500, 37)], [.. Enumerable.Range(90, 70)]];
        var alone = new List<ScoredText>();
        foreach (var text in texts) alone.AddRange((await ScoreAsync(rig, lease, backend!, [text])).Texts);
        backend!.Asked.Clear();

        var (together, groups) = await ScoreAsync(rig, lease, backend, texts);

        groups.Select(group => group.Texts.Length).Should().Equal(3, 1);
        backend.Asked.Select(asked => asked.Layer).Should().Equal(2, 3, 4, 5, 2, 3, 4, 5);
        together.Select(text => text.Signals).Should().BeEquivalentTo(alone.Select(text => text.Signals), options => options.WithStrictOrdering());
        together[0].Signals[0].Select(signal => signal.TargetLogProbability).SkipLast(1).Should().OnlyContain(nats => nats < 0);
    }

    [Fact]
    public async Task Texts_are_scored_one_by_one_where_there_is_no_memory_for_a_group()
    {
        using var rig = PoolRig.Create(["tiny-s"], maxRows: 64);
        using var lease = await rig.AcquireAsync("tiny-s", 6);
        int[][] texts = [[.. Enumerable.Range(1, 30)], [.. Enumerable.Range(500, 30)]];
        var architecture = rig.Pool.Find("tiny-s").Info.Architecture;
        var forOne = rig.Backend.MeasureWorkspace(architecture, 30) + rig.Kv.SlabBytes;
        using var rest = rig.Budget.TryReserve(rig.Budget.Free - forOne);

        var (scored, groups) = await ScoreAsync(rig, lease, null, texts);

        groups.Select(group => group.Tokens).Should().Equal(30, 30);
        scored.Should().HaveCount(2);
    }

    private static async Task<(List<ScoredText> Texts, IReadOnlyList<TextGroup> Groups)> ScoreAsync(PoolRig rig, ModelLease lease, IBackend? backend, int[][] texts)
    {
        var parts = new ScoringParts(backend ?? rig.Backend, rig.Kv, rig.Blocks, rig.Pool, rig.Memory, rig.Work, Precision.Auto, MaxRowsPerStep: 64) { Loads = new LoadLimit(TimeSpan.FromMinutes(1), TimeProvider.System) };
        var session = new ScoringSession(parts, rig.Pool.Find("tiny-s"), lease.TryShare()!, static () => { });
        await using (session)
        {
            (await RunAsync(rig, session.BeginAsync(texts))).Should().BeTrue();
            var scored = new List<ScoredText>();
            foreach (var group in session.Groups) scored.AddRange((await RunAsync(rig, session.ScoreAsync(group, [2, 4, 6], CancellationToken.None))).Texts);
            return (scored, session.Groups);
        }
    }

    private static ModelLease Begin(PoolRig rig, ModelLease lease)
    {
        var request = GenerationRequest.FromTokens([1, 2, 3]) with { MaxTokens = 200 };
        var output = new TokenStream(new FakeTokenizer(), StopStrings.None);
        var sequence = new Sequence(new RequestId(1), request, seed: 1, new EncodedPrompt([1, 2, 3], "fake"), output, arrivedAt: 0);
        var route = new Route(new OperatingPoint(lease.Target), lease, ExitPolicyParser.Parse("none"));
        var own = lease.TryShare()!;
        sequence.Assign(route, own);
        rig.Loop.Sequences.GiveKv(sequence, new KvTables(sequence.KvParts, capacity: 20));
        return own;
    }

    private static async Task<T> RunAsync<T>(PoolRig rig, Task<T> work)
    {
        while (!work.IsCompleted)
        {
            if (!rig.Work.TryRunBackground(idle: true)) await Task.Yield();
        }

        return await work;
    }
}
