using Helios.Sdk.Adaptation.Evaluation;
using Helios.Sdk.Adaptation.Loading;
using Helios.Sdk.ExitPolicies;
using Helios.Sdk.Serving.KvCache;
using Helios.Sdk.Serving.Requests;
using Helios.Sdk.Serving.Routing;
using Helios.Sdk.Serving.Streaming;
using Helios.Sdk.Tests.Adaptation.Loading;
using Helios.Sdk.Tests.Serving.Fakes;

namespace Helios.Sdk.Tests.Adaptation.Evaluation;

/// <summary>The memory of a scoring session, on a device thread that is the test's own.</summary>
public class ScoringSessionTests
{
    [Fact]
    public async Task What_is_staged_has_its_bytes_again_whoever_has_begun_to_run_meanwhile()
    {
        using var rig = PoolRig.Create(["tiny-s"]);
        using var lease = await rig.AcquireAsync("tiny-s", 2);
        var parts = new ScoringParts(rig.Backend, rig.Kv, rig.Blocks, rig.Pool, rig.Memory, rig.Work, Precision.Auto, MaxRowsPerStep: 32) { Loads = new LoadLimit(TimeSpan.FromMinutes(1), TimeProvider.System) };
        var session = new ScoringSession(parts, rig.Pool.Find("tiny-s"), lease.TryShare()!, maxTokens: 20, static () => { });
        (await RunAsync(rig, session.BeginAsync())).Should().BeTrue();

        // All that is left is somebody's, and an answer that may grow has begun.
        using var rest = rig.Budget.TryReserve(rig.Budget.Free);
        using var begun = Begin(rig, lease);
        var scored = await RunAsync(rig, session.ScoreAsync([.. Enumerable.Range(1, 20)], [6], CancellationToken.None));
        scored.Signals.Should().ContainSingle();

        await session.DisposeAsync();
        rig.Blocks.UsedBytes.Should().Be(0);
    }

    private static ModelLease Begin(PoolRig rig, ModelLease lease)
    {
        var request = new GenerationRequest { TokenIds = [1, 2, 3], MaxTokens = 200 };
        var output = new TokenStream(request.MaxTokens, new FakeTokenizer(), []);
        var sequence = new Sequence(new RequestId(1), request, seed: 1, new EncodedPrompt([1, 2, 3], "fake"), output, arrivedAt: 0);
        var route = new Route(new OperatingPoint(lease.Target), lease, ExitPolicyParser.Parse("none"));
        var own = lease.TryShare()!;
        sequence.Assign(route, own);
        rig.Loop.Sequences.GiveKv(sequence, new BlockTable(sequence.KvShape, capacity: 20));
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
