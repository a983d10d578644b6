using Helios.Sdk.Adaptation.Candidates;
using Helios.Sdk.Adaptation.Estimation;
using Helios.Sdk.Adaptation.Profiling;
using Helios.Sdk.Backends;
using Helios.Sdk.Serving.KvCache;
using Helios.Sdk.Serving.Routing;

namespace Helios.Sdk.Tests.Adaptation.Profiling;

public class ProfilerTests
{
    private static readonly ServingFacts Serving = new()
    {
        BudgetBytes = 10_000,
        ConfidenceTarget = 0.7,
        SlabBytes = 1000,
        BlockTokens = 16,
        MaxBatch = 64,
        MaxRowsPerStep = 64,
        UsualPromptTokens = 20,
        UsualSequenceTokens = 40,
    };

    [Fact]
    public void Batch_and_bytes_follow_from_slabs_and_blocks()
    {
        var profiles = Profiler.Profile(Candidate(), Serving, []);

        // Depth 2: weights 1000 + 2 x 1000 + 500 = 3500; 6 whole slabs of 1000 in 6500; a block is 16 x 2 x 2 = 64 bytes,
        // 15 to a slab, 90 in all; 40 tokens take 3 blocks: 30 sequences of 192 bytes.
        profiles[0].Should().BeEquivalentTo(new { WeightBytes = 3500L, KvBytesPerSequence = 192L, MaxBatch = 30 });
        // Depth 6: weights 7500; 2 slabs of 5 blocks of 192 bytes: 3 sequences.
        profiles[2].Should().BeEquivalentTo(new { WeightBytes = 7500L, KvBytesPerSequence = 576L, MaxBatch = 3 });
        profiles.Select(profile => profile.Point.Target.Depth).Should().Equal(2, 4, 6);
    }

    [Fact]
    public void Times_follow_from_the_costs()
    {
        var shallow = Profiler.Profile(Candidate(), Serving, [])[0];

        // Layer: 1 ms and 0.1 ms a row beyond the first; head 2 ms. 30 rows at depth 2: 2 + 2 (1 + 2.9) = 9.8 ms.
        shallow.TpotMs.Should().BeApproximately(9.8, 1e-9);
        shallow.Throughput.Should().BeApproximately(30 / 0.0098, 1e-6);
        shallow.AloneTpotMs.Should().BeApproximately(4, 1e-9);
        // 20 prompt tokens in one chunk: 2 + 2 (1 + 1.9).
        shallow.TtftMs.Should().BeApproximately(7.8, 1e-9);
    }

    [Fact]
    public void What_does_not_fit_has_no_batch_and_no_throughput()
    {
        var full = Profiler.Profile(Candidate(), Serving with { BudgetBytes = 7000 }, [])[2];

        full.MaxBatch.Should().Be(0);
        full.Throughput.Should().Be(0);
        full.AloneTpotMs.Should().BeGreaterThan(0);
    }

    [Fact]
    public void What_load_makes_of_a_point_is_known_once_demand_is()
    {
        var idle = Profiler.Profile(Candidate(), Serving, [])[0];
        idle.Batches.Select(timing => timing.Batch).Should().Equal(1, 2, 4, 8, 16, 30);
        idle.Batches[0].TpotMs.Should().BeApproximately(idle.AloneTpotMs, 1e-9);
        idle.Batches[0].TtftMs.Should().BeApproximately(idle.TtftMs, 1e-9);
        (idle.LoadedTpotMs, idle.TtftP95Ms, idle.Utilisation).Should().Be((null, null, null));

        PointProfile With(double demand) => Profiler.Profile(Candidate(), Serving with { DemandTokensPerSecond = demand }, [])[0];
        var capacity = idle.Batches[^1].Throughput;
        With(1).LoadedTpotMs.Should().BeApproximately(idle.AloneTpotMs, 1e-9);
        With(1).TtftP95Ms.Should().BeApproximately(idle.TtftMs, 1e-9);
        With(capacity / 2).Utilisation.Should().BeApproximately(0.5, 1e-9);
        With(capacity / 2).LoadedTpotMs.Should().BeGreaterThan(idle.AloneTpotMs).And.BeLessThan(idle.TpotMs * 2);
        With(2 * capacity).Utilisation.Should().BeApproximately(2, 1e-9);
        With(2 * capacity).TtftP95Ms.Should().BeGreaterThan(60_000);
    }

    [Fact]
    public void Under_load_a_point_is_no_better_for_having_room_for_fewer()
    {
        var facts = Serving with { DemandTokensPerSecond = 1e6 };
        var (roomy, tight) = (Profiler.Profile(Candidate(), facts, [])[0], Profiler.Profile(Candidate(), facts with { BudgetBytes = 5000 }, [])[0]);

        tight.MaxBatch.Should().BeLessThan(roomy.MaxBatch);
        tight.LoadedTpotMs.Should().Be(roomy.LoadedTpotMs);
    }

    [Fact]
    public void Joules_are_watts_times_the_time_of_a_token()
    {
        var profile = Profiler.Profile(Candidate(), Serving with { Watts = 50 }, [])[0];
        profile.JoulesPerToken.Should().BeApproximately(50 / profile.Batches[^1].Throughput, 1e-12);

        var idle = Profiler.Profile(Candidate(), Serving with { Watts = 50, DemandTokensPerSecond = 1 }, [])[0];
        idle.JoulesPerToken.Should().BeApproximately(50 / profile.Batches[0].Throughput, 1e-12);
        Profiler.Profile(Candidate(), Serving, [])[0].JoulesPerToken.Should().BeNull();
    }

    [Fact]
    public void A_usual_sequence_is_no_longer_than_the_context()
    {
        var profile = Profiler.Profile(Candidate(), Serving with { UsualSequenceTokens = 100_000, UsualPromptTokens = 90_000 }, [])[0];

        profile.KvBytesPerSequence.Should().Be(256 * 2 * 2);
    }

    [Fact]
    public void The_gap_is_to_the_best_candidate()
    {
        var candidate = Candidate();
        var (better, worse, silent) = (new CandidateEvidence([6], window: 64), new CandidateEvidence([6], window: 64), new CandidateEvidence([6], window: 64));
        candidate.Evidence.Add(Taps([2, 4, 6], 4, 3, 2));
        better.Add(Taps([6], 1.5f));
        worse.Add(Taps([6], 5));

        var profiles = Profiler.Profile(candidate, Serving, [candidate.Evidence, better, worse, silent]);

        var nats = profiles.Select(profile => profile.QualityGap!.Value * Math.Log(2)).ToList();
        nats.Should().Equal([2.5, 1.5, 0.5], (gap, expected) => Math.Abs(gap - expected) < 1e-9);
    }

    [Fact]
    public void Without_a_common_text_who_scored_last_is_held_to_itself_and_the_other_has_no_gap()
    {
        var (early, late) = (Candidate(), Candidate());
        early.Evidence.Add(Taps([2, 4, 6], 4, 3, 2));
        var taps = new RequestTaps(2, [2, 4, 6], 1, 0, new(1, 1));
        taps.At(0)[0].TargetLogProbability = -5;
        late.Evidence.Add(taps);

        Profiler.Profile(early, Serving, [early.Evidence, late.Evidence])[2].QualityGap.Should().BeNull();
        Profiler.Profile(late, Serving, [early.Evidence, late.Evidence])[0].QualityGap.Should().BeApproximately(5 / Math.Log(2), 1e-9);
    }

    private static Measurements Candidate() => new(
        new ModelFacts(Sample.Model(), new LoadSize(1000, [1000, 1000, 1000, 1000, 1000, 1000]), WorkspaceBytes: 500, new ConfidenceSource(Calibration.FromSidecar(Sample.Model()))),
        new TwoBytes(),
        new StepCosts
        {
            Layer = new RowCurve(1e-3, [.. Enumerable.Repeat(1e-4, RowCurve.Segments)], 0),
            Head = RowCurve.Zero with { Base = 2e-3 },
        },
        new CandidateEvidence([2, 4, 6], window: 64));

    /// <summary>Two bytes for a token in a layer.</summary>
    private sealed class TwoBytes : IKvSizes
    {
        public long BytesPerSlab => Serving.SlabBytes;

        public long BlockBytes(KvShape shape) => 2L * Serving.BlockTokens * shape.Layers;
    }

    private static RequestTaps Taps(int[] depths, params float[] nats)
    {
        var taps = new RequestTaps(1, [.. depths], 1, 0, new(1, 1));
        for (var i = 0; i < nats.Length; i++) taps.At(i)[0].TargetLogProbability = -nats[i];
        return taps;
    }
}
